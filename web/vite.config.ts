import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { preloadFont } from './preload-font.ts';

// `npm run dev` puts the page's dev server before a running gateway.
const api = process.env.MUSTER_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [
    tailwindcss(),
    sveltekit({
      // A static page for any address: the gateway (or a CDN) answers unknown paths with index.html.
      adapter: preloadFont(adapter({ fallback: 'index.html', precompress: true })),
      // By the page itself, once it stands.
      serviceWorker: { register: false },
      files: { serviceWorker: 'src/service-worker/page-keeper' },
    }),
  ],
  build: {
    target: 'es2023',
    rollupOptions: {
      output: {
        codeSplitting: {
          groups: [
            // An icon that two parts show would be a file of its own, thirty of them: one file is 3 kB less.
            { name: 'icons', test: /@lucide.svelte.dist/, minShareCount: 2, priority: 1 },
            // What every page needs at once, and some part that comes later too, would be a dozen small files: 5 kB less.
            { name: 'first', test: /packages.(client|domain|protocol).src/, tags: ['$initial'] },
          ],
        },
      },
    },
  },
  // Kit's own cookie is newer than the one that others have hoisted: bundled, it cannot be mistaken.
  ssr: { noExternal: ['cookie'] },
  server: {
    proxy: {
      '/api': { target: api },
      '/socket.io': { target: api, ws: true },
      '^/(healthz|readyz|health|metrics)$': { target: api },
    },
  },
});
