import { MusterError } from '@muster/protocol/error';
import { isAtLeast } from '@muster/domain/permissions';
import type { Role } from '@muster/protocol/principal';

/** @throws {MusterError} `not_found`: absent and not visible get the same answer */
export function orNotFound<T>(value: T | undefined): T {
  if (value === undefined) throw new MusterError('not_found', 'There is nothing here that you can see.');
  return value;
}

/** @throws {MusterError} `not_found` for whom it is not there, `forbidden` for those who are not owners */
export function forOwner<T extends { role: Role }>(read: T | undefined): T {
  const found = orNotFound(read);
  if (!isAtLeast(found.role, 'owner')) throw new MusterError('forbidden', 'Only an owner can do this.');
  return found;
}
