import type { PlantedBug } from './planted-bug.ts';

export const CLIENT_PLANTS: PlantedBug[] = [
  {
    name: 'packets dropped during a pull',
    warning: 'sync.md',
    what: 'what comes while something is asked for is thrown away: the scope stalls until its next change',
    breaks: ['P3 staleness', 'P2 equal at rest', 'P2 pending'],
    edits: [
      {
        file: 'packages/client/src/intake.ts',
        // The head that was heard of would have it asked for all the same.
        find: '      follow.held.push(packet);\n      follow.head = Math.max(follow.head, packet.to);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'two tabs write one store unchecked',
    warning: 'sync.md',
    what: "a packet is written although the other tab's write is newer: numbers and values part, for good",
    breaks: ['P2 equal at rest'],
    edits: [
      {
        file: 'packages/client/src/memory-storage.ts',
        find: 'if (held.head.seq + 1 < from || held.head.seq + 1 > to) return false;',
        replace: '',
      },
    ],
  },
  {
    name: 'pending dropped at the acknowledgement',
    warning: 'sync.md',
    what: 'a mutation leaves the view before its change is there: what was just made blinks',
    breaks: ['P2 no flicker'],
    edits: [
      {
        file: 'packages/client/src/replica.ts',
        find: '    intent.seqs = seqs;\n',
        replace: "    intent.seqs = seqs;\n    this.paint([this.view.remove([intent])], 'local');\n",
      },
    ],
  },
  {
    name: 'a removed list stays on the disk',
    what: 'what is no longer theirs to see is wiped from memory alone',
    breaks: ['P4 told'],
    edits: [
      {
        file: 'packages/client/src/replica.ts',
        find: 'for (const gone of dropped) await storage.dropScope(gone);',
        replace: 'await Promise.resolve(storage);',
      },
    ],
  },
  {
    name: 'never sent again',
    what: 'what was under way when the connection went is taken for sent',
    breaks: ['P2 pending', 'P1 acknowledged'],
    edits: [
      {
        file: 'packages/client/src/pusher.ts',
        find: '      this.#inFlight.delete(intent);\n      return;',
        replace: '      return;',
      },
      { file: 'packages/client/src/pusher.ts', find: '    this.#inFlight.clear();\n', replace: '' },
    ],
  },
  {
    name: 'a new nonce each time',
    what: 'a mutation that is sent again is another one to the server',
    breaks: ['P1 acknowledged', 'P1 once'],
    edits: [
      {
        file: 'packages/client/src/pusher.ts',
        find: "this.#options.request('mutate', toFrame(intent))",
        replace: "this.#options.request('mutate', { ...toFrame(intent), nonce: globalThis.crypto.randomUUID() })",
      },
    ],
  },
];
