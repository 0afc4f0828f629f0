import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import type { Context } from './context.ts';

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
};
/** Compressed copies that lie beside a file, best first. */
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;
type Encoding = keyof typeof ENCODINGS;

interface PageFile {
  type: string;
  etag: string;
  body: Buffer;
  encoded: Partial<Record<Encoding, Buffer>>;
}

/**
 * The built page's files, read once into memory (some megabytes): a gateway serves the build that it began with, whole,
 * also while another is written over it. A file that vanished under a stream once ended the process.
 */
export class PageFiles {
  readonly #files = new Map<string, PageFile>();

  constructor(root: string) {
    const bodies = new Map<string, Buffer>();
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      bodies.set(`/${relative(root, file).split(sep).join('/')}`, readFileSync(file));
    }
    for (const [path, body] of bodies) {
      const type = TYPES[extname(path)];
      if (!type) continue;
      const encoded: PageFile['encoded'] = {};
      for (const encoding of Object.keys(ENCODINGS) as Encoding[]) {
        const copy = bodies.get(path + ENCODINGS[encoding]);
        if (copy) encoded[encoding] = copy;
      }
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 24)}"`;
      this.#files.set(path, { type, etag, body, encoded });
    }
  }

  /** Answers with the file of this path, in the best encoding that the browser takes. @returns false where there is none */
  answer(ctx: Context, cacheControl: string): boolean {
    const file = this.#files.get(ctx.path);
    if (!file) return false;
    const encodings = Object.keys(file.encoded) as Encoding[];
    const encoding = encodings.length > 0 ? ctx.acceptsEncodings(...encodings, 'identity') : 'identity';
    const chosen = encoding === 'br' || encoding === 'gzip' ? encoding : undefined;
    ctx.status = 200;
    ctx.set({ 'cache-control': cacheControl, 'content-type': file.type });
    if (encodings.length > 0) ctx.vary('Accept-Encoding');
    if (chosen) ctx.set('content-encoding', chosen);
    // Each encoding is a representation of its own.
    ctx.etag = chosen ? `${file.etag.slice(0, -1)}-${chosen}"` : file.etag;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = (chosen && file.encoded[chosen]) ?? file.body;
    return true;
  }
}
