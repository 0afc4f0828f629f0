import type { PlantedBug } from './planted-bug.ts';
import { AT_ONCE_PLANTS } from './at-once-plants.ts';
import { CLIENT_PLANTS } from './client-plants.ts';
import { COMMIT_PLANTS } from './commit-plants.ts';
import { GATEWAY_PLANTS } from './gateway-plants.ts';
import { RUN_PLANTS } from './run-plants.ts';

/** All of them. */
export const PLANTS: readonly PlantedBug[] = [
  ...COMMIT_PLANTS,
  ...AT_ONCE_PLANTS,
  ...GATEWAY_PLANTS,
  ...CLIENT_PLANTS,
  ...RUN_PLANTS,
];
