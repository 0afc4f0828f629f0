import type { Component } from 'svelte';

/** A line of a menu. */
export type MenuItem =
  | { kind: 'separator' }
  | { kind: 'heading'; text: string }
  | {
      kind?: 'item';
      text: string;
      run: () => void;
      // Lucide's icons; each has its own props type, of which these are what a menu sets.
      icon?: Component<{
        size?: number | string;
        strokeWidth?: number | string;
        class?: string;
        'aria-hidden'?: 'true';
      }>;
      /** A second, fainter line in plain words. */
      hint?: string;
      keys?: string;
      /** Present: a choice with a mark. */
      isChecked?: boolean;
      isDisabled?: boolean;
      isDanger?: boolean;
    };
