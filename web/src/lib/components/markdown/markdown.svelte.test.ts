import { render } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import Markdown from './markdown.svelte';
import { renderMarkdown } from './render-markdown.ts';

describe('markdown', () => {
  it('renders lists, links and code', async () => {
    const { container } = render(Markdown, { text: '**Two** seats:\n\n- one\n- `two`\n\n[fare](https://example.com)' });
    await vi.waitFor(() => expect(container.querySelectorAll('li')).toHaveLength(2));
    const link = container.querySelector('a');
    expect(link?.getAttribute('href')).toBe('https://example.com');
    expect(link?.getAttribute('rel')).toContain('noopener');
    expect(link?.getAttribute('target')).toBe('_blank');
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '![pixel](https://evil.example/p.png)',
    '[x](javascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '<a href="//evil.example">x</a>',
    '<iframe src="https://evil.example"></iframe>',
    '<form action="https://evil.example"><input name=q></form>',
    '<svg><style>@import "x"</style></svg>',
    '<p style="position:fixed;inset:0">over all</p>',
    '<a href="https://ok.example" onclick="alert(1)">x</a>',
    '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  ])('leaves nothing dangerous of %s', (text) => {
    const html = renderMarkdown(text);
    expect(html).not.toMatch(/<(?:script|img|iframe|form|style|svg|math)|on\w+=|javascript:|data:|style=|href="\/\//i);
  });

  it('puts the caret behind the last word while it is written', async () => {
    const { container, rerender } = render(Markdown, { text: 'Hel', isWriting: true });
    expect(container.querySelector('.writing')).not.toBeNull();
    await rerender({ text: 'Hello', isWriting: false });
    expect(container.querySelector('.writing')).toBeNull();
  });
});
