import { runLaunchCommand } from './launch/run-command.ts';

await runLaunchCommand('dev');
