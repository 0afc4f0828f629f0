import { describe, expect, it } from 'vitest';
import { caretWord, completions } from './caret-word.ts';

const at = (text: string) => caretWord(text.replace('|', ''), text.indexOf('|'));

describe('the word at the caret', () => {
  it('asks for a completion behind @ and #', () => {
    expect(at('Call @gr| now')).toEqual({ marker: '@', query: 'gr', start: 5 });
    expect(at('#|')).toEqual({ marker: '#', query: '', start: 0 });
    expect(at('Call @ada lo|')).toEqual({ marker: '@', query: 'ada lo', start: 5 });
  });
  it('asks for none elsewhere', () => {
    expect(at('ada@example|')).toBeUndefined();
    expect(at('Call @ada now today|')).toBeUndefined();
    expect(at('Call |@ada')).toBeUndefined();
  });
  it('puts what begins with it first', () => {
    const names = ['Bo Gray', 'Grace', 'Edgar', 'Linus'].map((name) => ({ name }));
    expect(completions('gr', names).map(({ name }) => name)).toEqual(['Grace', 'Bo Gray']);
    expect(completions('gar', names).map(({ name }) => name)).toEqual(['Edgar']);
  });
});
