import { PAGE_ERRORS_PATH } from '@muster/protocol/page-errors';
import { Api } from './api.ts';

/** A page that fails again and again tells nothing new after these. */
const MOST = 5;

/** Tells the server of faults that nobody caught here, where the operator wants to hear of them. */
export function reportErrors(api: string, post = new Api(api).post): () => void {
  let count = 0;
  const tell = (fault: unknown): void => {
    if (!(fault instanceof Error) || count >= MOST) return;
    count += 1;
    const { name, message, stack = '' } = fault;
    const told = { type: name.slice(0, 100), message: message.slice(0, 1_000), stack: stack.slice(0, 10_000) };
    // Nobody is to notice where it is lost.
    void post(PAGE_ERRORS_PATH, told).catch(() => undefined);
  };
  const onError = ({ error }: ErrorEvent): void => tell(error);
  const onRejection = ({ reason }: PromiseRejectionEvent): void => tell(reason);
  addEventListener('error', onError);
  addEventListener('unhandledrejection', onRejection);
  return () => {
    removeEventListener('error', onError);
    removeEventListener('unhandledrejection', onRejection);
  };
}
