import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';

export interface TakenMail {
  from: string;
  to: string[];
  /** As it came, but for the soft line breaks of quoted-printable. */
  raw: string;
}

/** A real server that takes mail, on a free port. */
export interface MailServer {
  url: string;
  /** What it refuses with, and when; nothing: it takes all. */
  answer: { code: number; at: 'AUTH' | 'RCPT' } | undefined;
  to(email: string): TakenMail[];
  close(): Promise<void>;
}

/** @param onTaken told of each mail */
export async function startMailServer(onTaken?: (mail: TakenMail) => void): Promise<MailServer> {
  const taken: TakenMail[] = [];
  const refusal = (code: number): Error => Object.assign(new Error('not now'), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: (_auth, _session, callback) =>
      callback(mail.answer?.at === 'AUTH' ? refusal(mail.answer.code) : null, { user: 'somebody' }),
    onRcptTo: (_address, _session, callback) =>
      callback(mail.answer?.at === 'RCPT' ? refusal(mail.answer.code) : undefined),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail: TakenMail = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: readable(Buffer.concat(chunks).toString('utf8')),
        };
        taken.push(mail);
        onTaken?.(mail);
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mail: MailServer = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    answer: undefined,
    to: (email) => taken.filter(({ to }) => to.includes(email)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mail;
}

const readable = (raw: string): string =>
  raw.replace(/=\r\n/gu, '').replace(/=([0-9A-F]{2})/gu, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
