import type { ApiContext } from './api-context.ts';
import type { Route } from './define-route.ts';
import { confirmationRoutes } from './routes/confirmation.ts';
import { conflictRoutes } from './routes/conflicts.ts';
import { historyRoutes } from './routes/history.ts';
import { linkRoutes } from './routes/links.ts';
import { listRoutes } from './routes/lists.ts';
import { meRoutes } from './routes/me.ts';
import { memberRoutes } from './routes/members.ts';
import { runRoutes } from './routes/runs.ts';
import { taskRoutes } from './routes/tasks.ts';
import { threadRoutes } from './routes/threads.ts';
import { tokenRoutes } from './routes/tokens.ts';

/** Every route of `/api/v1`, in the order in which they are documented. */
export const createApiRoutes = (api: ApiContext): Route[] => [
  ...listRoutes(api),
  ...taskRoutes(api),
  ...historyRoutes(api),
  ...conflictRoutes(api),
  ...memberRoutes(api),
  ...linkRoutes(api),
  ...threadRoutes(api),
  ...runRoutes(api),
  ...tokenRoutes(api),
  ...confirmationRoutes(api),
  ...meRoutes(api),
];
