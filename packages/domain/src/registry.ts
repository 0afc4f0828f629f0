import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { Command } from './command.ts';
import { labelCreate, labelDelete, labelUpdate } from './commands/label.ts';
import { listArchive, listCreate, listDelete, listRename } from './commands/list.ts';
import { memberInvite, memberRemove, memberSetRole } from './commands/member.ts';
import { membershipUpdate, settingsUpdate } from './commands/membership.ts';
import { messageSend } from './commands/message.ts';
import { taskPlace } from './commands/task-place.ts';
import {
  taskAssign,
  taskComplete,
  taskCreate,
  taskDelete,
  taskLabel,
  taskRestore,
  taskUpdate,
} from './commands/task.ts';
import { threadCreate, threadDelete, threadRename } from './commands/thread.ts';

/** Every command that a person, a script or a tool may give. Their arguments' schemas are in protocol/commands. */
export const COMMANDS: { [N in CommandName]: Command<CommandArgs<N>> } = {
  'list.create': listCreate,
  'list.rename': listRename,
  'list.archive': listArchive,
  'list.delete': listDelete,
  'task.create': taskCreate,
  'task.update': taskUpdate,
  'task.label': taskLabel,
  'task.assign': taskAssign,
  'task.place': taskPlace,
  'task.complete': taskComplete,
  'task.delete': taskDelete,
  'task.restore': taskRestore,
  'label.create': labelCreate,
  'label.update': labelUpdate,
  'label.delete': labelDelete,
  'member.invite': memberInvite,
  'member.setRole': memberSetRole,
  'member.remove': memberRemove,
  'membership.update': membershipUpdate,
  'settings.update': settingsUpdate,
  'thread.create': threadCreate,
  'thread.rename': threadRename,
  'thread.delete': threadDelete,
  'message.send': messageSend,
};
