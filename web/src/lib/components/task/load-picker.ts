type PickerModule = typeof import('./picker-popover.svelte');

let loading: Promise<PickerModule> | undefined;

/** Fetches the pickers' code once; again where it failed. */
export function loadPicker(): Promise<PickerModule> {
  loading ??= import('./picker-popover.svelte');
  loading.catch(() => (loading = undefined));
  return loading;
}
