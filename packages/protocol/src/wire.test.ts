/// <reference types="node" />
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { CLIENT_EVENTS } from './client-events.ts';
import { COMMAND_ARGS } from './commands.ts';
import { ENTITY_SCHEMAS } from './entity.ts';
import { wireError } from './error.ts';
import { SERVER_EVENTS } from './server-events.ts';
import { PROTOCOL_VERSION } from './version.ts';

/**
 * The wire cannot change by accident. When this fails you changed a shape: a change that an old client or an old gateway
 * cannot read wants a new PROTOCOL_VERSION; any change wants docs/protocol.md and then the new hash here.
 */
const WIRE = { version: 1, hash: '571909552e742212' };

const shapeOf = (schema: z.core.$ZodType) => z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });

test('the wire is the one that this version names', () => {
  const shapes = {
    client: Object.entries(CLIENT_EVENTS).map(([name, { data, answer }]) => [name, shapeOf(data), shapeOf(answer)]),
    server: Object.entries(SERVER_EVENTS).map(([name, schema]) => [name, shapeOf(schema)]),
    commands: Object.entries(COMMAND_ARGS).map(([name, schema]) => [name, shapeOf(schema)]),
    entities: Object.entries(ENTITY_SCHEMAS).map(([name, schema]) => [name, shapeOf(schema)]),
    error: shapeOf(wireError),
  };
  const hash = createHash('sha256').update(JSON.stringify(shapes)).digest('hex').slice(0, 16);
  expect({ version: PROTOCOL_VERSION, hash }).toEqual(WIRE);
});
