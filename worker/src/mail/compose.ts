import type { MailedInvitation, MailedShare } from '@muster/db/repositories/mail.repository';
import type { Role } from '@muster/protocol/principal';

/** What a mail says, before it is addressed. */
export interface Words {
  subject: string;
  text: string;
  html: string;
}

interface Parts {
  subject: string;
  lines: string[];
  button: string;
  url: string;
  end: string;
}

/** @param publicUrl where people reach the product */
export function composeInvitation({ title, role, inviter }: MailedInvitation, email: string, publicUrl: string): Words {
  const list = short(title);
  return lay({
    subject: `${short(inviter)} invites you to “${list}”`,
    lines: [
      `${short(inviter)} shares the list “${list}” with you in Muster: you may ${MAY[role]}.`,
      `Sign in or make an account with this address (${email}), and the list is there.`,
    ],
    button: 'Open Muster',
    url: `${baseOf(publicUrl)}/sign-up?email=${encodeURIComponent(email)}`,
    end: 'If you do not know who this is, you need not do anything.',
  });
}

/** To somebody with an account: the list is there already. */
export function composeShare({ listId, title, role, inviter }: MailedShare, publicUrl: string): Words {
  const list = short(title);
  return lay({
    subject: `${short(inviter)} shared “${list}” with you`,
    lines: [`${short(inviter)} shared the list “${list}” with you in Muster: you may ${MAY[role]}.`],
    button: 'Open the list',
    url: `${baseOf(publicUrl)}/lists/${listId}`,
    end: `You get this because you have an account in Muster. These mails can be turned off in your settings: ${baseOf(publicUrl)}/settings`,
  });
}

const MAY: Record<Role, string> = { viewer: 'read it', editor: 'change it', owner: 'change and share it' };
const baseOf = (publicUrl: string): string => publicUrl.replace(/\/+$/u, '');

export const composeReset = (url: string): Words =>
  lay({
    subject: 'Choose a new password for Muster',
    lines: ['Somebody, hopefully you, has asked for a new password for your account.'],
    button: 'Choose a new password',
    url,
    end: 'This link works once, for an hour. If it was not you, leave this mail alone: your password stays as it is.',
  });

export const composeVerification = (url: string): Words =>
  lay({
    subject: 'Is this your address?',
    lines: ['Your account in Muster is made. Say that this address is yours, and invitations to it will reach you.'],
    button: 'This is my address',
    url,
    end: 'If you have made no account, leave this mail alone.',
  });

/** A title or a name in a mail: one line, and no room for a letter of its own. */
const short = (text: string): string => {
  const line = text.replace(/\s+/gu, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
};

function lay({ subject, lines, button, url, end }: Parts): Words {
  const paragraphs = lines.map((line) => `<p style="margin:0 0 16px">${escape(line)}</p>`).join('');
  return {
    subject,
    text: [...lines, `${button}:\n${url}`, end].join('\n\n') + '\n',
    html: `<!doctype html><html lang="en"><body style="margin:0;padding:32px 16px;background:#faf9f7;color:#26241f;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"><div style="max-width:480px;margin:0 auto;padding:32px;background:#fff;border:1px solid #e5e2dc;border-radius:10px"><p style="margin:0 0 24px;font-weight:600">Muster</p>${paragraphs}<p style="margin:24px 0"><a href="${escape(url)}" style="display:inline-block;padding:10px 18px;border-radius:8px;background:#1b6b4f;color:#fff;text-decoration:none;font-weight:600">${escape(button)}</a></p><p style="margin:0;color:#6d685f;font-size:14px">${escape(end)}</p></div></body></html>`,
  };
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/gu, (found) => ESCAPES[found]!);
