import type { DueReader } from '#lib/due/format-due.ts';
import { formatDue } from '#lib/due/format-due.ts';
import type { ListOptions } from '#lib/state/list-options.ts';

interface Names {
  reader: DueReader;
  labelName: (id: string) => string | undefined;
  personName: (id: string) => string;
}

/** The words over a group of rows; undefined where the list is not grouped. */
export function groupTitles(
  group: ListOptions['group'],
  { reader, labelName, personName }: Names,
): ((key: string) => string) | undefined {
  switch (group) {
    case 'none':
      return undefined;
    case 'due':
      return (key) => (key === '' ? 'No date' : formatDue({ date: key }, reader).text);
    case 'priority':
      return (key) => (key === 'none' ? 'No priority' : `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`);
    case 'label':
      return (key) => labelName(key) ?? 'No label';
    case 'assignee':
      return (key) => (key === '' ? 'Nobody' : personName(key));
  }
}
