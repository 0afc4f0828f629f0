import type { ErasureReport } from '@muster/db/care/erase-person';
import type { AccountRepository } from '@muster/db/repositories/account.repository';
import type { ApiTokenRepository } from '@muster/db/repositories/api-token.repository';
import type { ConflictRepository } from '@muster/db/repositories/conflict.repository';
import type { HistoryRepository } from '@muster/db/repositories/history.repository';
import type { ListRepository } from '@muster/db/repositories/list.repository';
import type { MailRepository } from '@muster/db/repositories/mail.repository';
import type { MemberRepository } from '@muster/db/repositories/member.repository';
import type { TaskRepository } from '@muster/db/repositories/task.repository';
import type { ThreadRepository } from '@muster/db/repositories/thread.repository';
import type { AskForAddress } from '../auth/addresses.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { Secrets } from '../auth/secrets.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { Limits } from './limits.ts';
import type { Submit } from './submit.ts';

/** What the API's routes work with. */
export interface ApiContext extends Pick<GatewayContext, 'bus' | 'logger' | 'settings'> {
  submit: Submit;
  limits: Limits;
  secrets: Secrets;
  passwords: Passwords;
  askForAddress: AskForAddress;
  mails: MailRepository;
  /** @param onLockedOut told early, with the sessions whose sockets are to be closed */
  erase: (userId: string, onLockedOut: (sessionIds: string[]) => void) => Promise<ErasureReport>;
  accounts: AccountRepository;
  lists: ListRepository;
  history: HistoryRepository;
  conflicts: ConflictRepository;
  tasks: TaskRepository;
  members: MemberRepository;
  threads: ThreadRepository;
  tokens: ApiTokenRepository;
}
