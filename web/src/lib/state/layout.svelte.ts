import { Kept } from './kept.svelte.ts';

/** What lies over the page; one at a time. */
export type Dialog =
  | { kind: 'share'; listId: string }
  | { kind: 'keys' }
  | { kind: 'command' }
  | { kind: 'delete-list'; listId: string }
  | { kind: 'sign-out' }
  | { kind: 'connection' }
  | { kind: 'conflicts' }
  | { kind: 'new-list' };

/** Sheets of the phone, where panels are sheets that can be swiped down. */
export type Sheet = 'lists' | undefined;

export const AGENT_WIDTH = { least: 320, usual: 400, most: 640 } as const;

/** Panels and their sizes, kept in this browser. */
export class Layout {
  #phone = matchMedia('(max-width: 700px)');
  isPhone: boolean = $state(this.#phone.matches);
  #sidebar = new Kept<boolean>('sidebar', true);
  #agent = new Kept<boolean>('agent', true);
  #agentWidth = new Kept<number>('agent-width', AGENT_WIDTH.usual);
  /** On a phone the agent covers the page, so that it never opens by itself. */
  #agentSheet = $state(false);
  sheet: Sheet = $state();
  dialog: Dialog | undefined = $state.raw();
  /** Somebody is about to ask the agent: its composer takes the caret, and these words, as soon as it is there. */
  asking: { words: string } | undefined = $state.raw();

  constructor() {
    this.#phone.addEventListener('change', (event) => (this.isPhone = event.matches));
  }

  get isSidebarOpen(): boolean {
    return this.#sidebar.value;
  }
  get isAgentOpen(): boolean {
    return this.isPhone ? this.#agentSheet : this.#agent.value;
  }
  get agentWidth(): number {
    return Math.min(AGENT_WIDTH.most, Math.max(AGENT_WIDTH.least, this.#agentWidth.value));
  }
  set agentWidth(width: number) {
    this.#agentWidth.value = Math.min(AGENT_WIDTH.most, Math.max(AGENT_WIDTH.least, Math.round(width)));
  }

  /** The sidebar; on a phone the sheet with the lists. */
  toggleSidebar(): void {
    if (this.isPhone) this.sheet = this.sheet === 'lists' ? undefined : 'lists';
    else this.#sidebar.value = !this.#sidebar.value;
  }

  openAgent(): void {
    if (this.isPhone) this.#agentSheet = true;
    else this.#agent.value = true;
  }
  /** Opens the agent with the caret in its composer, and there words to begin with. */
  askAgent(words = ''): void {
    this.openAgent();
    this.asking = { words };
  }
  closeAgent(): void {
    if (this.isPhone) this.#agentSheet = false;
    else this.#agent.value = false;
  }
  toggleAgent(): void {
    if (this.isAgentOpen) this.closeAgent();
    else this.openAgent();
  }

  /** Opens the field in which a new list is named: it stands in the sidebar. */
  startNewList(): void {
    if (this.isPhone) this.sheet = 'lists';
    else if (!this.isSidebarOpen) this.toggleSidebar();
    this.dialog = { kind: 'new-list' };
  }

  open(dialog: Dialog): void {
    this.dialog = dialog;
  }
  close(): void {
    this.dialog = undefined;
  }
}
