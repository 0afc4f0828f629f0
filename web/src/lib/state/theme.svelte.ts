import type { Settings } from '@muster/protocol/settings';

export type ThemeChoice = Settings['theme'];

const KEY = 'muster:theme';
const CHROME = { light: '#f8f7f4', dark: '#11100e' };

/** Light, dark, or as the system has it. Kept in this browser for the first paint (app.html reads the same key). */
export class Theme {
  #system = matchMedia('(prefers-color-scheme: dark)');
  choice: ThemeChoice = $state((localStorage.getItem(KEY) as ThemeChoice | null) ?? 'system');
  #systemIsDark = $state(this.#system.matches);
  isDark: boolean = $derived(this.choice === 'dark' || (this.choice === 'system' && this.#systemIsDark));

  constructor() {
    this.#system.addEventListener('change', (event) => {
      this.#systemIsDark = event.matches;
      this.#paint();
    });
    this.#paint();
  }

  choose(choice: ThemeChoice): void {
    if (choice === this.choice) return;
    this.choice = choice;
    localStorage.setItem(KEY, choice);
    this.#paint();
  }

  #paint(): void {
    document.documentElement.dataset.theme = this.isDark ? 'dark' : 'light';
    const chrome = document.querySelector('meta[name=theme-color]');
    chrome?.setAttribute('content', this.isDark ? CHROME.dark : CHROME.light);
  }
}
