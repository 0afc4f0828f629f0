import type * as z from 'zod/mini';
import { labelCreateArgs, labelDeleteArgs, labelUpdateArgs } from './label.ts';
import {
  listArchiveArgs,
  listCreateArgs,
  listDeleteArgs,
  listRenameArgs,
  memberInviteArgs,
  memberRemoveArgs,
  memberSetRoleArgs,
} from './list.ts';
import { membershipUpdateArgs, settingsUpdateArgs } from './settings.ts';
import {
  taskAssignArgs,
  taskCompleteArgs,
  taskCreateArgs,
  taskDeleteArgs,
  taskLabelArgs,
  taskPlaceArgs,
  taskRestoreArgs,
  taskUpdateArgs,
} from './task.ts';
import { messageSendArgs, threadCreateArgs, threadDeleteArgs, threadRenameArgs } from './thread.ts';

/** Every intent that may be sent with `mutate`, and its arguments. */
export const COMMAND_ARGS = {
  'list.create': listCreateArgs,
  'list.rename': listRenameArgs,
  'list.archive': listArchiveArgs,
  'list.delete': listDeleteArgs,
  'task.create': taskCreateArgs,
  'task.update': taskUpdateArgs,
  'task.label': taskLabelArgs,
  'task.assign': taskAssignArgs,
  'task.place': taskPlaceArgs,
  'task.complete': taskCompleteArgs,
  'task.delete': taskDeleteArgs,
  'task.restore': taskRestoreArgs,
  'label.create': labelCreateArgs,
  'label.update': labelUpdateArgs,
  'label.delete': labelDeleteArgs,
  'member.invite': memberInviteArgs,
  'member.setRole': memberSetRoleArgs,
  'member.remove': memberRemoveArgs,
  'membership.update': membershipUpdateArgs,
  'settings.update': settingsUpdateArgs,
  'thread.create': threadCreateArgs,
  'thread.rename': threadRenameArgs,
  'thread.delete': threadDeleteArgs,
  'message.send': messageSendArgs,
} as const;

export type CommandName = keyof typeof COMMAND_ARGS;
export type CommandArgs<N extends CommandName> = z.output<(typeof COMMAND_ARGS)[N]>;
export const isCommandName = (name: string): name is CommandName => Object.hasOwn(COMMAND_ARGS, name);
