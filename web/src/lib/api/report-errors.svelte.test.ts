import { afterEach, expect, it, vi } from 'vitest';
import { reportErrors } from './report-errors.ts';

const post = vi.fn(async () => undefined as never);
let stop = (): void => {};
afterEach(() => {
  stop();
  post.mockClear();
});

const reject = (reason: unknown) => dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason }));

it('tells what nobody caught, five times and no more, and never fails itself', () => {
  post.mockRejectedValueOnce(new Error('away'));
  stop = reportErrors('http://localhost', post as never);
  dispatchEvent(new ErrorEvent('error', { error: new TypeError('x is not a function') }));
  reject(new RangeError('too far'));
  reject('a word');
  expect(post.mock.calls).toEqual([
    ['/api/page-errors', { type: 'TypeError', message: 'x is not a function', stack: expect.stringMatching(/at /) }],
    ['/api/page-errors', expect.objectContaining({ type: 'RangeError' })],
  ]);
  for (let n = 0; n < 10; n += 1) reject(new Error('again'));
  expect(post).toHaveBeenCalledTimes(5);
});

it('says nothing any more once it was ended', () => {
  reportErrors('http://localhost', post as never)();
  reject(new Error('late'));
  expect(post).not.toHaveBeenCalled();
});
