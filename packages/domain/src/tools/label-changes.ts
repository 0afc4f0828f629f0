import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import { LABEL_COLORS, type LabelColor } from '@muster/protocol/label';
import type { ToolCommand, ToolContext } from './tool.ts';
import { findLabel } from './tool-list.ts';

/**
 * Labels by name for one call: those of the list, and those that the call makes because nobody had them yet. Each is made
 * once, however often it is named.
 */
export interface LabelBook {
  /** The label's id; makes the label where it is not there. */
  idOf(name: string): string;
  /** The `label.create` commands, to go before all others. */
  commands: ToolCommand[];
  /** The list's labels with the new ones. */
  all: Stored<'label'>[];
}

export function openLabelBook(context: ToolContext): LabelBook {
  const { list } = context;
  const all = [...list.labels];
  const commands: ToolCommand[] = [];
  return {
    all,
    commands,
    idOf(written) {
      const name = written.replace(/^#/, '').trim();
      const found = findLabel({ ...list, labels: all }, name);
      if (found) return found.id;
      const id = context.newId();
      const color = nextColor(all);
      all.push({ scope: scopeOf('list', list.id), type: 'label', id, value: { name, color } });
      commands.push({ name: 'label.create', args: { id, listId: list.id, name, color } });
      return id;
    },
  };
}

/** The hue that the list uses least, grey last: labels made one after another can be told apart. */
function nextColor(labels: Stored<'label'>[]): LabelColor {
  const uses = (color: LabelColor): number => labels.filter((label) => label.value.color === color).length;
  const hues = LABEL_COLORS.filter((color) => color !== 'gray');
  return hues.reduce((best, color) => (uses(color) < uses(best) ? color : best));
}
