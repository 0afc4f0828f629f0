import { createTransport } from 'nodemailer';

export interface Letter {
  /** Stays the same however often it is sent: a mail that went twice is shown once. */
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Sends mail. */
export interface Mailer {
  /** @throws {MailFault} */
  send(letter: Letter): Promise<void>;
  close(): void;
}

/** Why a mail did not go, in words without addresses. */
export class MailFault extends Error {
  /** `address`: the server will never take this one; `mail`: not now; `server`: it takes none, as long as that lasts. */
  readonly of: 'address' | 'mail' | 'server';

  constructor(message: string, of: MailFault['of']) {
    super(message);
    this.of = of;
  }
}

/** A server that hangs must not hold up the others' mail for minutes. Below the lease of a mail. */
const PATIENCE_MS = 15_000;

/** Mail over SMTP. @param url `smtp://user:password@host:587`, or `smtps://` */
export function createSmtpMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport(
    {
      url,
      connectionTimeout: PATIENCE_MS,
      greetingTimeout: PATIENCE_MS,
      socketTimeout: PATIENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  const host = (/<?[^<>\s]+@([^<>\s]+?)>?$/u.exec(from.trim())?.[1] ?? 'muster').toLowerCase();
  return {
    async send({ id, ...letter }) {
      try {
        await transport.sendMail({
          ...letter,
          messageId: `<${id}@${host}>`,
          // Nobody's holiday answers a machine.
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        throw faultOf(error);
      }
    },
    close: () => transport.close(),
  };
}

function faultOf(error: unknown): MailFault {
  const {
    code = 'unknown',
    responseCode,
    command,
  } = error as {
    code?: string;
    responseCode?: number;
    command?: string;
  };
  const answer = responseCode === undefined ? code : `${code} ${responseCode}`;
  // Only what is about this address or this mail: a wrong password is mended by whoever runs it, and the mail then goes.
  const isAboutMail = command === 'RCPT TO' || command === 'DATA' || code === 'EENVELOPE' || code === 'EMESSAGE';
  return new MailFault(answer, !isAboutMail ? 'server' : (responseCode ?? 0) >= 500 ? 'address' : 'mail');
}
