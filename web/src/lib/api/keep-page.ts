/** Has the browser keep the page, once it stands: it opens without a server then. */
export function keepPage(): void {
  const keep = () => {
    // Refused where the origin is not secure, or storage is not allowed: the page works on, but needs the server to open.
    navigator.serviceWorker?.register('/service-worker.js').catch(() => undefined);
  };
  if (document.readyState === 'complete') keep();
  else addEventListener('load', keep, { once: true });
}
