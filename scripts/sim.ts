/** `npm run sim [-- --seeds 10000]`: tries to break the sync promises in virtual time. All of it lives in proof/. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', 'proof', 'src', 'sim', 'main.ts');
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
// The simulator ends its own Postgres: it must hear of it.
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
