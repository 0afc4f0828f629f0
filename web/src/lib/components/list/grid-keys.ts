/** What a key asks of the grid, while a row (and no field) has the focus. */
export type GridIntent =
  | { do: 'move'; by: number; extend: boolean }
  | { do: 'edge'; to: 'first' | 'last'; extend: boolean }
  | {
      do:
        | 'expand'
        | 'collapse'
        | 'open'
        | 'edit'
        | 'toggle'
        | 'select'
        | 'select-all'
        | 'indent'
        | 'outdent'
        | 'delete'
        | 'escape';
    }
  | { do: 'pick'; what: 'due' | 'priority' | 'assign' | 'label' }
  | { do: 'shift'; by: -1 | 1 };

export interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** AltGr types characters: it is reported as Ctrl and Alt on some systems. */
  isAltGraph: boolean;
}

const PAGE = 10;
const SINGLE: Record<string, GridIntent> = {
  j: { do: 'move', by: 1, extend: false },
  J: { do: 'move', by: 1, extend: true },
  k: { do: 'move', by: -1, extend: false },
  K: { do: 'move', by: -1, extend: true },
  e: { do: 'edit' },
  x: { do: 'select' },
  d: { do: 'pick', what: 'due' },
  p: { do: 'pick', what: 'priority' },
  a: { do: 'pick', what: 'assign' },
  l: { do: 'pick', what: 'label' },
  '>': { do: 'indent' },
  '<': { do: 'outdent' },
};

/**
 * The keys of look.md's table that concern a list, by `event.key`, so that they are where the keyboard's layout puts
 * them. @param singles whether single letters are on (a setting)
 */
export function gridIntent(key: Key, singles: boolean): GridIntent | undefined {
  const isCommand = (key.ctrlKey || key.metaKey) && !key.isAltGraph;
  if (isCommand)
    return key.key.toLowerCase() === 'a' && !key.shiftKey && !key.altKey ? { do: 'select-all' } : undefined;
  if (key.altKey && !key.isAltGraph) {
    if (key.key === 'ArrowUp') return { do: 'shift', by: -1 };
    if (key.key === 'ArrowDown') return { do: 'shift', by: 1 };
    return undefined;
  }
  const extend = key.shiftKey;
  switch (key.key) {
    case 'ArrowDown':
      return { do: 'move', by: 1, extend };
    case 'ArrowUp':
      return { do: 'move', by: -1, extend };
    case 'PageDown':
      return { do: 'move', by: PAGE, extend };
    case 'PageUp':
      return { do: 'move', by: -PAGE, extend };
    case 'Home':
      return { do: 'edge', to: 'first', extend };
    case 'End':
      return { do: 'edge', to: 'last', extend };
    case 'ArrowRight':
      return { do: 'expand' };
    case 'ArrowLeft':
      return { do: 'collapse' };
    case 'Enter':
      return { do: 'open' };
    case ' ':
      return { do: 'toggle' };
    case 'Delete':
    case 'Backspace':
      return { do: 'delete' };
    case 'Escape':
      return { do: 'escape' };
    default:
      return singles ? SINGLE[key.key] : undefined;
  }
}
