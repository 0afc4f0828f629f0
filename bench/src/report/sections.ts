import type { Part } from '../options.ts';

export interface Section {
  title: string;
  /** How it was measured, in the columns' own words. */
  method: string;
  against: string;
}

/** How each part is measured, as docs/performance.md tells it. */
export const SECTIONS: Record<Part, Section> = {
  delivery: {
    title: 'A change reaches the others',
    method:
      '200 plain Socket.IO clients have one list open, 100 on each of two gateways; ten of them, five on each gateway, ' +
      'rename tasks, 50 changes a second together, at an even pace whatever the answers do. Timed is from the call that ' +
      'sends the intent to the listener of every client on the *other* gateway, so the road holds commit, Redis and both ' +
      'gateways, and also the turn of each client in the one process that plays all 200. Beside it stands the floor: the ' +
      'same clients on two bare Socket.IO servers that pass the change on by Redis, and neither store nor check anything.',
    against: 'the floor',
  },
  open: {
    title: 'A long list opens',
    method:
      'A plain Socket.IO client asks for the list with `scope:open` and reads on with `scope:page`. The gateway is warm: ' +
      'somebody else has the list open. Every open reads the list from Postgres, as the rules want it.',
    against: '',
  },
  'fan-out': {
    title: 'What a delivery costs',
    method:
      'A thousand bare websockets are connected to each of three servers: a gateway, a process with `ws` alone that writes ' +
      'one prebuilt frame to all, and a bare Socket.IO server; five hundred more to another gateway. On the gateways they ' +
      'have lists open: one that all thousand of the first have, one that five hundred on each have, a hundred with ten ' +
      'readers each on the first, and a hundred with five on each. The peers send the very bytes that a gateway sends, to ' +
      'all or to ten at a time. Changes are written on a third gateway, so what the others do is delivery: ' +
      'from Redis through order, fence and room to the sockets, with their heads, pings and comparisons with Postgres beside ' +
      'it. Each process reads its own CPU (user and system) before and after a slice; it is divided by the deliveries that ' +
      'the receivers counted, for a room on two gateways the CPU of both. Ten changes within 20 ms are held against one ' +
      'change, both every 60 ms.',
    against: 'the peer',
  },
  idle: {
    title: 'A connection that does nothing',
    method:
      'A gateway, and a bare Socket.IO server, each in a new process for every slice, take two hundred websockets and then ' +
      'two thousand more, of a hundred guests. Their resident memory is read before and after the two thousand, when all is ' +
      'quiet and what can be collected is. The gateway runs with the flags of Node that the launcher and the image give it, ' +
      'the peer without any.',
    against: 'bare Socket.IO',
  },
  dashboard: {
    title: 'A dashboard instead of a page that asks again and again',
    method:
      'Two hundred people have a list of 100 tasks before them, in which a task is renamed once a second. Either each has a ' +
      'websocket on which it comes, or each asks for the list’s tasks with `GET` over a connection that stays open, once ' +
      'a second or every two, each at a moment of its own. CPU is that of the gateway, bytes are what the servers sent with ' +
      'all framing of HTTP and websockets, for one dashboard and second; staleness is from sending the rename until ' +
      'the new title is there.',
    against: 'the page that asks',
  },
  storm: {
    title: 'Everyone comes back at once',
    method:
      'Two thousand bare websockets of 400 people, half of them on each of two gateways, connect in the same instant, as ' +
      'after a cut of the network. Each asks with `scope:open` and the positions that it holds for what it missed: its ' +
      "person's own scope and own list stand still, and in one of twenty lists, which twenty people share, twenty changes " +
      'were made meanwhile. Nobody has any of it open, so the gateways know nothing and Postgres answers. Timed is from ' +
      'opening the connection to the answer, in one process that plays them all, which is checked to be exact. Five storms; ' +
      "the gateways' connections are counted in `pg_stat_activity` every 20 ms meanwhile.",
    against: '',
  },
  runs: {
    title: 'Many answers at once',
    method:
      'The agent of one worker recites words that carry their number and the time at which they were said; bare websockets ' +
      'on both gateways watch, three to a conversation, and check that each word comes once and in order. A hundred ' +
      'conversations stream 50 words a second each. The peer is the same worker where each word leaves alone and none waits ' +
      'for more. A piece is as late as its oldest word. CPU is that of the worker and both gateways. Both are read while all ' +
      'stream, from the third second on. Then twenty people ' +
      'ask in the same instant: timed is from sending the question until the first words are with somebody who watches.',
    against: 'each word alone',
  },
  commit: {
    title: 'A change is stored',
    method:
      'Writers call commit as a gateway does, in one process and without sockets, and each waits for its answer before it ' +
      'writes again: one in five makes a task, the others rename or complete one. The peer is `pgbench -N` with as many ' +
      'clients (scale 10, one thread) in another database of the same server, whose commits are on the disk when they are ' +
      'answered. A task is more than a row of pgbench: rights, order of the log, the previous values and an exact answer to ' +
      'a repeat come with it. The bare statements are the other peer: writers with a connection each that update the task, ' +
      'take a number of the log, insert the change and count their mid in one transaction, and ask and decide nothing.',
    against: 'the peer',
  },
  socket: {
    title: 'The same through the socket',
    method:
      'The same writers as plain Socket.IO clients of one gateway, in a process of their own; nobody else has the lists open. ' +
      'Nothing is promised of these: they show what sockets, parsing and a second process add.',
    against: 'the peer',
  },
  costs: {
    title: 'What single things cost',
    method:
      'For [capacity.md](capacity.md): the CPU and memory that each process spends on one thing, while nothing else is done. ' +
      'A thousand websockets that do nothing, beside the same gateway without them; fifty guests who write, each in a list of ' +
      'their own, as fast as they are answered; a hundred answers of 50 words a second with one reader each. Postgres and ' +
      'Redis tell their own CPU; comparing heads is timed by whoever asks, a thousand at a time.',
    against: '',
  },
  'big-store': {
    title: 'A reload with everything on disk',
    method:
      'A page in a real Chromium that is nothing but the client, bundled as the page is. Its IndexedDB holds 500 lists of 100 ' +
      'tasks, written by the client’s own storage; no server is there. Timed is from the reload of the page until ' +
      '`client.start()` is done, then reading every task once, searching all of them, and an edit.',
    against: '',
  },
  page: {
    title: 'A person at work',
    method:
      'The built page in Chromium (1440 × 900), served by the first of two gateways, with a list of 2,000 tasks open: tasks ' +
      'are typed and added, the focus moves, tasks are completed, reopened, selected and moved by their keys. Slices by ' +
      'oneself take turns with slices in which somebody on the other gateway renames 50 tasks a second, every third of them ' +
      'on the screen. Timed by the browser itself (Event Timing), as INP is.',
    against: '',
  },
  tabs: {
    title: 'Two tabs, and one that comes back',
    method:
      'The built page in two tabs of one Chromium profile, with a list of 200 tasks open. With the gateways stopped, tasks are ' +
      'typed in one tab; timed is from the key to the row in the other one, so the road holds the write to the disk that ' +
      'comes before everything else. The floor does no more than that: a row written for good, then a BroadcastChannel; ' +
      'the two take turns. With the gateways there, a tab is told that it stands still, as a browser tells it, ' +
      'somebody else makes 500 changes, and it goes on: timed is from that moment until it shows the last of them, with its ' +
      'connection, its handshake and its paint.',
    against: 'the floor',
  },
};
