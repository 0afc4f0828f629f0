import type { DueMail, MailRepository } from '@muster/db/repositories/mail.repository';
import type { Logger } from '@muster/runtime/logger';
import { composeInvitation, composeReset, composeShare, composeVerification, type Words } from '../mail/compose.ts';
import { MailFault, type Mailer } from '../mail/mailer.ts';
import type { JobHandlers } from './job-handlers.ts';

export const MAIL_EVERY_MS = 2_000;
export const MAIL_SCHEDULER = 'send-mail';
/** Longer than a server may keep us waiting with one mail. */
const LEASE_MS = 120_000;
/** In one round; the next comes in {@link MAIL_EVERY_MS}. */
const AT_ONCE = 50;
/** After the first attempts; then every half an hour, until the mail is of no use any more. */
const RETRY_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000];

/** `away`: the server takes no mail at all now. */
type MailOutcome = 'sent' | 'retried' | 'away' | 'failed' | 'outdated';

export interface MailDeps {
  mails: MailRepository;
  mailer: Mailer;
  /** Where people reach the product. */
  publicUrl: string;
  logger: Logger;
  onMail: (outcome: MailOutcome) => void;
}

/** Sends what is due. The rows say what that is; a mail may go twice where its worker dies, and never not at all. */
export const sendMailJob = (deps: MailDeps | undefined): JobHandlers['send-mail'] => {
  if (!deps) return () => Promise.resolve('no mail is set up');
  const { mails, onMail } = deps;
  return async () => {
    await mails.expire();
    let count = 0;
    for (; count < AT_ONCE; count++) {
      const mail = await mails.claim(LEASE_MS);
      if (!mail) break;
      const outcome = await send(deps, mail);
      onMail(outcome);
      // The others need not be tried: they go, in their order, in a round of better days.
      if (outcome === 'away') break;
    }
    return count === 0 ? 'nothing to do' : `looked after ${count}`;
  };
};

async function send(deps: MailDeps, mail: DueMail): Promise<MailOutcome> {
  const { mails, mailer, logger } = deps;
  const about = { mailId: mail.id, kind: mail.kind, attempt: mail.attempts };
  const words = await compose(deps, mail);
  if (!words) {
    await mails.markFailed(mail.id, 'outdated', null);
    return 'outdated';
  }
  try {
    await mailer.send({ id: mail.id, to: mail.email, ...words });
  } catch (error) {
    if (!(error instanceof MailFault)) throw error;
    const delay = error.of === 'address' ? null : (RETRY_MS[Math.min(mail.attempts, RETRY_MS.length) - 1] ?? null);
    await mails.markFailed(mail.id, error.message, delay);
    logger.warn({ ...about, answer: error.message, retryInMs: delay }, 'a mail was not taken');
    return delay === null ? 'failed' : error.of === 'server' ? 'away' : 'retried';
  }
  await mails.markSent(mail.id);
  logger.info(about, 'mail sent');
  return 'sent';
}

/** @returns undefined where there is nothing to tell any more */
async function compose({ mails, publicUrl }: MailDeps, mail: DueMail): Promise<Words | undefined> {
  if (mail.kind === 'password-reset') return composeReset(mail.data.url);
  if (mail.kind === 'verification') return composeVerification(mail.data.url);
  if (mail.kind === 'share') {
    const share = await mails.findShare(mail.data.invitationId);
    return share && composeShare(share, publicUrl);
  }
  const invitation = await mails.findInvitation(mail.data.invitationId);
  return invitation && composeInvitation(invitation, mail.email, publicUrl);
}
