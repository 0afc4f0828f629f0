/** One gateway as it runs in production, which also says what it uses. */
import { createGateway } from '@muster/gateway/app';
import { gatewayConfig } from '@muster/gateway/config';
import { parseConfig } from '@muster/runtime/config';
import { createLogger } from '@muster/runtime/logger';
import { cpuMicros, memoryBytes, serve } from '../processes/serve.ts';

const config = parseConfig(gatewayConfig, process.env);
const gateway = await createGateway({ config, logger: createLogger({ name: 'gateway', level: config.LOG_LEVEL }) });

const calls = { url: () => gateway.url, cpuMicros, memoryBytes };
export type GatewayCalls = typeof calls;
serve(calls);
