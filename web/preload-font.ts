import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter } from '@sveltejs/kit';

/**
 * Names the latin font in the page's head, under its hashed name. Otherwise the browser hears of it only from the style
 * sheet, and the first words are painted in another font.
 */
export function preloadFont(adapter: Adapter): Adapter {
  return {
    ...adapter,
    adapt: (builder) => {
      const assets = join(builder.getClientDirectory(), builder.getAppPath(), 'immutable', 'assets');
      const font = readdirSync(assets).find((name) => /^inter-latin-wght-normal\..*woff2$/.test(name));
      if (!font) throw new Error('The latin font is not among the assets: is it still imported by app.css?');
      const link = `<link rel="preload" href="/${builder.getAppPath()}/immutable/assets/${font}" as="font" type="font/woff2" crossorigin="anonymous" />`;
      const generateFallback = builder.generateFallback.bind(builder);
      builder.generateFallback = async (path) => {
        await generateFallback(path);
        writeFileSync(path, readFileSync(path, 'utf8').replace('</head>', `  ${link}\n  </head>`));
      };
      return adapter.adapt(builder);
    },
  };
}
