import type { Attachment } from 'svelte/attachments';

const FAR_PX = 90;
const FAST_PX_PER_MS = 0.5;

/**
 * Lets a sheet be dragged away downwards by this handle; the sheet is the handle's parent element. Only touch and pen
 * drag: a mouse has buttons for it.
 */
export function swipeDown(onaway: () => void): Attachment<HTMLElement> {
  return (handle) => {
    const sheet = handle.parentElement;
    if (!sheet) return;
    let from: { y: number; at: number; pointer: number } | undefined;
    const start = (event: PointerEvent): void => {
      if (event.pointerType === 'mouse' || (event.target as Element).closest('button, a, input, textarea')) return;
      from = { y: event.clientY, at: event.timeStamp, pointer: event.pointerId };
      handle.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent): void => {
      if (event.pointerId !== from?.pointer) return;
      sheet.style.translate = `0 ${Math.max(0, event.clientY - from.y)}px`;
    };
    const end = (event: PointerEvent): void => {
      if (event.pointerId !== from?.pointer) return;
      const by = event.clientY - from.y;
      const speed = by / Math.max(1, event.timeStamp - from.at);
      from = undefined;
      sheet.style.translate = '';
      if (event.type === 'pointerup' && (by > FAR_PX || (by > 24 && speed > FAST_PX_PER_MS))) onaway();
    };
    handle.addEventListener('pointerdown', start);
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', end);
    handle.addEventListener('pointercancel', end);
    return () => {
      handle.removeEventListener('pointerdown', start);
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('pointerup', end);
      handle.removeEventListener('pointercancel', end);
    };
  };
}
