import type { Component } from 'svelte';

/** A line of the command menu. */
export interface Command {
  id: string;
  text: string;
  hint?: string;
  keys?: string;
  icon: Component<{ size?: number | string; strokeWidth?: number | string; class?: string; 'aria-hidden'?: 'true' }>;
  run: () => void;
}

/** Whether every word asked for begins a word of the text. */
export function matches(text: string, words: string): boolean {
  const parts = text.toLowerCase().split(/[\s–—-]+/);
  return words
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every(
      (word) => parts.some((part) => part.startsWith(word)) || (word.length > 2 && text.toLowerCase().includes(word)),
    );
}
