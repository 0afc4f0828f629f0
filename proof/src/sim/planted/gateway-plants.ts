import type { PlantedBug } from './planted-bug.ts';

export const GATEWAY_PLANTS: PlantedBug[] = [
  {
    name: 'emitted through the adapter',
    warning: 'sync.md',
    what: 'changes go to the rooms of all gateways: one that has not evicted yet delivers them to who was removed',
    breaks: ['P4 removed', 'P4 strangers'],
    edits: [
      {
        file: 'proof/src/sim/net/gateway.ts',
        find: '    this.#attach();\n  }',
        replace: '    ((SimGateway as any).all ??= new Set()).add(this);\n    this.#attach();\n  }',
      },
      {
        file: 'proof/src/sim/net/gateway.ts',
        find: '    const links = new Set([names].flat().flatMap((name) => [...(this.#rooms.get(name) ?? [])]));',
        replace: `    const all: SimGateway[] = [...(SimGateway as any).all].filter((one: SimGateway) => !one.isDead);
        const links = new Set([names].flat().flatMap((name) => all.flatMap((one) => [...(one.#rooms.get(name) ?? [])])));
        for (const one of all) for (const link of links) if (one !== this && one.sessions.has(link)) {
          this.#ports.onEmit(link, one.sessions.get(link)!.identity.userId, event, data);
          link.emit(event, JSON.stringify(data));
        }`,
      },
    ],
  },
  {
    name: 'conversations outside the fence',
    warning: 'sync.md',
    what: 'a removal evicts from the list, and not from its conversations',
    breaks: ['P4 removed', 'P4 told', 'P4 strangers'],
    edits: [
      {
        file: 'gateway/src/bus/fence.ts',
        find: 'for (const entry of [...group.entries]) {',
        replace: 'for (const entry of [...group.entries].filter((one) => one.scope === group.acl)) {',
      },
    ],
  },
  {
    name: 'an await in the gate',
    warning: 'sync.md',
    what: 'between the check of the rights and the join others may run: a removal in between finds nobody to evict',
    breaks: ['P4 removed', 'P4 told', 'P2 gapless', 'P4 strangers'],
    edits: [
      {
        file: 'gateway/src/bus/gate.ts',
        find: '        if (this.#check(passages)) {\n',
        replace:
          '        if (this.#check(passages)) {\n          await new Promise((resolve) => setTimeout(resolve, 40));\n',
      },
    ],
  },
  {
    name: 'joined behind the read',
    warning: 'sync.md',
    what: 'what was committed between the read and the join is left out',
    breaks: ['P2 gapless', 'P3 staleness'],
    edits: [
      {
        file: 'gateway/src/bus/gate.ts',
        find: 'const tail = read.seq < entry.seq ? entry.ring.after(read.seq)! : [];',
        replace: 'const tail: never[] = [];',
      },
    ],
  },
  {
    name: 'joined before the read',
    warning: 'sync.md',
    what: 'packets reach somebody whose rights are not known yet',
    breaks: ['P4 removed', 'P4 strangers'],
    edits: [
      {
        file: 'gateway/src/bus/gate.ts',
        find: '        await this.#holdAll(passages);\n        await this.#read(reader, passages);',
        replace: `        await this.#holdAll(passages);
        for (const { entry } of passages) if (entry !== undefined) reader.join(entry);
        await this.#read(reader, passages);`,
      },
    ],
  },
  {
    name: 'unsubscribed after a while',
    warning: 'sync.md',
    what: 'the last one leaves, another joins, and the late UNSUBSCRIBE leaves that one deaf',
    breaks: ['P3 staleness'],
    edits: [
      {
        file: 'gateway/src/bus/entry-table.ts',
        find: 'this.#ports.subscriptions.unsubscribe(entry.scope);',
        replace: 'setTimeout(() => this.#ports.subscriptions.unsubscribe(entry.scope), 250);',
      },
    ],
  },
  {
    name: 'no fence before an emission',
    what: 'a packet of a higher epoch is emitted before the removed are out of the room',
    breaks: ['P4 removed', 'P4 strangers'],
    edits: [
      {
        file: 'gateway/src/bus/scope-feed.ts',
        find: '    if (epoch > entry.epoch && !(await this.#ports.fence.raise(entry.group!, epoch))) return false;\n    return',
        replace: '    return',
      },
    ],
  },
  {
    name: 'evicted, and still in the room',
    what: 'who is evicted is told, and goes on hearing',
    breaks: ['P4 removed', 'P4 strangers'],
    edits: [
      {
        file: 'gateway/src/bus/reader.ts',
        find: '    this.#places.delete(gone.scope);\n    this.port.leave(scopeRoom(gone.scope));',
        replace: '    this.#places.delete(gone.scope);',
      },
    ],
  },
  {
    name: 'the last lost packet is never found',
    what: 'heads are not compared with Postgres: what nothing follows stays lost',
    breaks: ['P3 staleness', 'P2 equal at rest'],
    edits: [
      {
        file: 'gateway/src/bus/positioning.ts',
        find: 'if (head.seq > entry.seq) scopeFeed.expect(entry, head.seq);',
        replace: '',
      },
    ],
  },
  {
    name: 'a gap is stepped over',
    what: 'a packet from beyond a gap is emitted as it comes',
    breaks: ['P2 gapless', 'P3 staleness'],
    edits: [
      {
        file: 'gateway/src/bus/scope-feed.ts',
        find: 'if (packet.from > entry.seq + 1) {',
        replace: 'if (packet.from < 0) {',
      },
    ],
  },
  {
    name: 'the log went back unnoticed',
    what: 'gateways keep what they knew of the log from before a restore',
    breaks: ['P2 equal at rest', 'P2 pending', 'P3 staleness', 'P1 acknowledged', 'P2 same order'],
    edits: [
      {
        file: 'gateway/src/bus/positioning.ts',
        find: 'if (read.logEpoch !== this.#ports.logEpoch()) return this.#ports.onLogWentBack(read.logEpoch);',
        replace: '',
      },
    ],
  },
];
