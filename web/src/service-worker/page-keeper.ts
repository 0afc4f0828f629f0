/**
 * Keeps the page itself in the browser, so that it opens without a server: what it shows then is in its own store. Never
 * keeps an answer of the API: there is one copy of people's data in a browser, and the sync client has it.
 */
import { version } from '$app/env';
import { assets, immutable } from '$app/manifest';
import { self } from '$app/service-worker';

const PREFIX = 'muster-page-';
const OWN = PREFIX + version;
/** This build, and the one that tabs still show which were open before it came. */
const KEPT_BUILDS = 2;
/** A network that is there and carries nothing must not keep a person before a white page. */
const PATIENCE_MS = 4_000;
const SHELL = '/';
const HASHED = '/_app/immutable/';
const isOfServer = (path: string) =>
  /^\/(api|socket\.io)(\/|$)/u.test(path) || /^\/(healthz|readyz|health|metrics)$/u.test(path);
const toPath = ({ path }: { path: string }) => `/${path.replace(/^\//u, '')}`;
const statics = assets.map(toPath).filter((path) => !path.endsWith('.json'));
/** Letters that few read come when they are shown: kept from then on. */
const isNeeded = (path: string) => !path.endsWith('.woff2') || /latin-wght/u.test(path);

/** Whoever asks, a file of one name is the same: `Vary` names the origin, which a module's request leaves out. */
const findKept = (path: string) => caches.match(path, { ignoreVary: true });

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin || isOfServer(pathname)) return;
  if (request.mode === 'navigate') event.respondWith(openPage(request));
  else if (pathname.startsWith(HASHED)) event.respondWith(readFile(request));
  else if (statics.includes(pathname))
    event.respondWith(fetch(request).catch(async () => (await findKept(pathname)) ?? Response.error()));
});

async function install(): Promise<void> {
  const cache = await caches.open(OWN);
  const files = immutable.map(toPath).filter(isNeeded);
  await Promise.all([
    // Hashed: what an earlier build had under this name is the same.
    ...files.map(async (path) => {
      const held = await findKept(path);
      await (held ? cache.put(path, held) : cache.add(path));
    }),
    ...[...statics, SHELL].map((path) => cache.add(new Request(path, { cache: 'no-cache' }))),
  ]);
  // At once: a tab of the older build finds its files in its cache, and a newer store must meet no older page.
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const builds = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== OWN);
  await Promise.all(builds.slice(0, Math.max(0, builds.length - KEPT_BUILDS + 1)).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The server's page where it answers in time, else the one that is kept. */
async function openPage(request: Request): Promise<Response> {
  const own = await caches.open(OWN);
  const kept = (await own.match(SHELL, { ignoreVary: true })) ?? (await findKept(SHELL));
  if (!kept) return fetch(request);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Response>((resolve) => (timer = setTimeout(() => resolve(kept), PATIENCE_MS)));
  const asked = fetch(request).then(
    // Whoever stands before the server says that it is away.
    (answer) => (answer.status >= 500 ? kept : answer),
    () => kept,
  );
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

async function readFile(request: Request): Promise<Response> {
  const held = await findKept(request.url);
  if (held) return held;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(OWN);
    await cache.put(request, answer.clone());
  }
  return answer;
}
