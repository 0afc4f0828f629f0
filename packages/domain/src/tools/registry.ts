import { addTasks } from './add-tasks.ts';
import { completeTask } from './complete-task.ts';
import { deleteTask } from './delete-task.ts';
import { listTasks } from './list-tasks.ts';
import { moveTask } from './move-task.ts';
import { searchTasks } from './search-tasks.ts';
import type { Tool } from './tool.ts';
import { updateTask } from './update-task.ts';

/** Every tool of the agent. */
export const TOOLS: readonly Tool[] = [
  listTasks,
  searchTasks,
  addTasks,
  updateTask,
  completeTask,
  moveTask,
  deleteTask,
];

/** A tool by its name; undefined for one that a model made up. */
export const findTool = (name: string): Tool | undefined => TOOLS.find((tool) => tool.name === name);
