/** `npm run sim [-- --seeds 10000]`: tries to break the sync promises in virtual time. All of it lives in proof/. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', 'proof', 'src', 'sim', 'main.ts');
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
child.once('exit', (code) => process.exit(code ?? 1));
