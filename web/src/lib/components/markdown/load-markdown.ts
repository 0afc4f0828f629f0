type Render = (text: string) => string;

let loading: Promise<Render | undefined> | undefined;
let loaded: Render | undefined;

/** Loads what renders markdown once, behind the first words that need it. Undefined where it cannot be had. */
export function loadMarkdown(): Promise<Render | undefined> {
  loading ??= import('./render-markdown.ts').then(
    (module) => (loaded = module.renderMarkdown),
    () => {
      loading = undefined;
      return undefined;
    },
  );
  return loading;
}

/** The renderer, where it is there already: words that are shown later need no second paint. */
export const loadedMarkdown = (): Render | undefined => loaded;
