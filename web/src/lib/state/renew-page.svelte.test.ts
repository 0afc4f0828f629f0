import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ClientEvents, ClientStatus } from '@muster/client/types';
import { renewPage } from './renew-page.ts';

const outdated = { code: 'upgrade_required' as const, message: '', retryable: false };
const load = vi.fn();
let isHidden: boolean;
let status: ClientStatus;
let tell: () => void;
let stop: () => void;

beforeEach(() => {
  isHidden = false;
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => isHidden);
  status = { error: null, pending: 0, storage: 'ok' } as unknown as ClientStatus;
  stop = renewPage(
    {
      get status() {
        return status;
      },
      on<E extends keyof ClientEvents>(_event: E, listener: ClientEvents[E]) {
        tell = listener as () => void;
        return () => (tell = () => {});
      },
    },
    load,
  );
});
afterEach(() => {
  stop();
  load.mockReset();
  sessionStorage.clear();
  document.body.innerHTML = '';
});

function be(next: Partial<ClientStatus>): void {
  status = { ...status, ...next };
  tell();
}
function show(isShown: boolean): void {
  isHidden = !isShown;
  document.dispatchEvent(new Event('visibilitychange'));
}

it('loads a page that is too old anew once it is out of sight, and not before', () => {
  be({ error: outdated, pending: 2 });
  expect(load).not.toHaveBeenCalled();
  show(false);
  expect(load).toHaveBeenCalledTimes(1);
});

it('leaves a page alone that the server takes, however often it is hidden', () => {
  show(false);
  be({ error: { ...outdated, code: 'unauthenticated' } });
  expect(load).not.toHaveBeenCalled();
});

it('loads it once: the server may still give out the old page', () => {
  show(false);
  be({ error: outdated });
  show(true);
  show(false);
  expect(load).toHaveBeenCalledTimes(1);
});

it('waits while something would be lost: an edit that is not stored, words in a field', () => {
  show(false);
  be({ error: outdated, pending: 1, storage: 'full' });
  document.body.innerHTML = '<input type="checkbox" value="on" /><textarea></textarea>';
  const field = document.querySelector('textarea')!;
  field.value = 'Half a thou';
  be({ pending: 0 });
  expect(load).not.toHaveBeenCalled();
  field.value = '';
  show(false);
  expect(load).toHaveBeenCalledTimes(1);
});
