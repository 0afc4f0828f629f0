/** `npm run generate`: writes what is derived from the migrations: the types of the database's rows. */
import { startTestPostgres } from '@muster/testing/services';
import { generateTypes } from '../db/scripts/generate-types.ts';

const server = await startTestPostgres();
try {
  await generateTypes(server.url, false);
  console.log('Written: db/src/schema.generated.ts');
} finally {
  await server.stop();
}
