// What is measured: the arguments of the load generator, and which of its figures are compared. A figure of
// which more is better is a rate, of which less is better a cost; others are only shown.
import { existsSync } from 'node:fs';
import { b4_stream, b4_update } from './inputs.mjs';

const rate = (key, title, scale = 1) => ({ key, title, scale, is_better: 'more' });
const cost = (key, title, scale = 1) => ({ key, title, scale, is_better: 'less' });
const shown = (key, title, scale = 1) => ({ key, title, scale });

const latencies = [cost('latency_p50_us', 'p50, µs'), cost('latency_p99_us', 'p99, µs'), cost('latency_p999_us', 'p99.9, µs')];
const loads = [shown('server_cpu_percent', 'server CPU, %'), shown('generator_cpu_percent', 'generator CPU, %')];
const per_delivery = cost('server_cpu_us_per_delivery', 'CPU, µs/delivery');
const closed_loop = [rate('deliveries_per_second', 'deliveries/s'), per_delivery, ...latencies, ...loads];
const open_loop = [per_delivery, ...latencies, ...loads];
const joining = [
  cost('join_p50_us', 'p50, ms', 1e-3),
  cost('join_p99_us', 'p99, ms', 1e-3),
  cost('server_cpu_ms_per_join', 'CPU, ms/join'),
  shown('state_kb', 'state, kB'),
];

const fanout = (...args) => ({ mode: 'fanout', args, figures: closed_loop, is_timed: true });

const history_size = 1_170_000;

/** In the order in which they run. `only_in`: the dialect without which it cannot be done. `only_with_state`: a relay cannot do it, except one that holds the `state`: a file, or the size of what the generator writes. */
export const scenarios = {
  f100: { what: '1 document × 100 clients, 1 writer, 1 update outstanding', ...fanout('--clients', 100) },
  f100w: { what: '1 document × 100 clients, 1 writer, 32 updates outstanding', ...fanout('--clients', 100, '--outstanding', 32) },
  f500w: { what: '1 document × 500 clients, 1 writer, 32 updates outstanding', ...fanout('--clients', 500, '--outstanding', 32) },
  r100: { what: '100 documents × 10 clients, 1 writer each, 1 update outstanding each', ...fanout('--documents', 100, '--clients', 10) },
  typing: {
    what: '20 documents × 25 clients, all of them type, 2 characters/s each, open loop',
    ...fanout('--documents', 20, '--clients', 25, '--writers', 25, '--rate', 2),
    figures: open_loop,
  },
  dragging: {
    what: '1 board × 20 clients, each drags a thing of its own, 60 moves/s of two keys each, open loop',
    ...fanout('--clients', 20, '--writers', 20, '--place', 'dragged', '--rate', 60),
    figures: open_loop,
  },
  idle10k: {
    what: '10,000 idle connections over 100 documents',
    mode: 'idle',
    args: ['--clients', 10_000, '--documents', 100],
    seconds: 1,
    is_timed: true,
    figures: [
      rate('connects_per_second', 'connects/s'),
      cost('server_kb_per_connection', 'kB/connection'),
      cost('server_cpu_us_per_connection', 'CPU, µs/connection'),
      shown('server_cpu_percent', 'server CPU when idle, %'),
    ],
  },
  'join-1mb': { what: '50 clients join a document of 1.2 MB (scattered characters of one author) at once', mode: 'join', args: ['--clients', 50, '--size', history_size], only_with_state: true, state: history_size, figures: joining },
  'join-b4': {
    what: '50 clients join the article B4 (386 kB) at once',
    mode: 'join',
    args: ['--clients', 50, '--history', b4_update],
    only_with_state: true,
    state: b4_update,
    figures: joining,
    lacks: () => !existsSync(b4_update),
  },
  docs10k: {
    what: 'documents of 10 kB, each written in updates of 100 bytes by one client, 20 at a time',
    mode: 'documents',
    args: ['--size', 10_000, '--piece', 100],
    is_timed: true,
    only_with_state: true,
    figures: [rate('documents_per_second', 'documents/s'), cost('server_cpu_ms_per_document', 'CPU, ms/document'), cost('server_kb_per_document', 'kB/document'), cost('document_p99_us', 'p99, ms', 1e-3)],
  },
  'replay-b4': {
    what: 'the 259,778 single edits of B4 from one client to another, as quickly as the server takes them',
    mode: 'replay',
    args: [b4_stream.file],
    seconds: 60,
    is_timed: true,
    figures: [rate('updates_per_second', 'updates/s'), cost('server_cpu_us_per_update', 'CPU, µs/update'), shown('messages_received', 'messages to the reader'), shown('server_memory_after_mb', 'memory, MB')],
    lacks: () => !b4_stream.make(),
  },
  sockets50: { what: '50 documents × 10 clients, 1 writer each, 1 update outstanding each, a socket per document and client', only_in: 'hocuspocus', ...fanout('--documents', 50, '--clients', 10) },
  socket50: { what: '50 documents × 10 clients, 1 writer each, 1 update outstanding each, a socket per client that carries all 50 documents', only_in: 'hocuspocus', ...fanout('--documents', 50, '--clients', 10, '--share-connections') },
  awareness: { what: '1 document × 100 clients, each sends its presence 5 times a second, open loop', mode: 'awareness', args: ['--clients', 100, '--rate', 5], is_timed: true, figures: open_loop },
};
