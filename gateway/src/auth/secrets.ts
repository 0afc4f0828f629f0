import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Secrets that we hand out: known by their hash, and sealed where an owner may read them again. */
export interface Secrets {
  /** Encrypts with a key made from the application's secret; `context` (the row's id) must be the same to open it. */
  seal(plain: string, context: string): string;
  /** Undefined where it was not sealed by this secret for this context. */
  open(sealed: string, context: string): string | undefined;
}

const SECRET_BYTES = 24;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** 192 random bits, to stand in an address. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** How a secret is found again. It has too many bits to be guessed from its hash, so a plain one does. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

export function createSecrets(applicationSecret: string): Secrets {
  const key = Buffer.from(hkdfSync('sha256', applicationSecret, 'muster', 'sealed secrets', 32));
  return {
    seal: (plain, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open: (sealed, context) => {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES)).setAAD(
        Buffer.from(context),
      );
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
        return decipher.update(body, undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
