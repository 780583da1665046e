// What is measured. Each scenario says what it is, runs its cases in turns, and gives the rows of its table and
// what the figures must show. `tools` starts programs and servers (run.mjs).
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { b4_update } from '../compare/inputs.mjs';
import { can_run_postgres, postgres_server } from '../../tests/interop/support/postgres_server.mjs';

const column = (key, title, scale = 1) => ({ key, title, scale });
const must = (what, value, op, bound) => ({ what, value, op, bound, holds: op === '<=' ? value <= bound : value >= bound });

const of = (name, count) => `${name}, ${count} document${count === 1 ? '' : 's'}`;

/** A case whose figures are those of one program. */
const store_case = (tools, name, ...args) => [name, () => tools.store(...args)];

/** Longer than Hocuspocus and y-leveldb take until all that came is stored. */
const storing_ms = 5000;

/** Fills a server with documents, ends it, and starts it again on the same directory. */
async function restarted(tools, server, count, size, measure) {
  const directory = tools.directory();
  const first = await tools.start(server, directory);
  try {
    await tools.load(first, server, 'documents', '--documents', count, '--size', size, '--seconds', 120, '--documents-prefix', 'doc-');
    await sleep(storing_ms);
  } finally {
    await first.stop();
  }
  const again = await tools.start(server, directory);
  try {
    return { start_ms: again.start_ms, ...(await measure(again)) };
  } finally {
    await again.stop();
    tools.remove(directory);
  }
}

async function fanout(tools, server, ...args) {
  const directory = tools.directory();
  const running = await tools.start(server, directory);
  try {
    return await tools.load(running, server, 'fanout', '--seconds', tools.seconds, '--check-state', ...args);
  } finally {
    await running.stop();
    tools.remove(directory);
  }
}

/** The memory of a server on a store of so many documents, of which 100 are in use. */
async function memory_of(tools, server, stored) {
  const directory = tools.directory();
  await tools.store('fill', '--path', `${directory}/store`, '--documents', stored, '--updates', 10, '--prefix', 'doc-');
  const running = await tools.start(server, directory);
  try {
    const figures = await tools.load(running, server, 'idle', '--clients', 100, '--documents', 100, '--documents-prefix', 'doc-', '--seconds', 1);
    return { stored, start_ms: running.start_ms, memory_mb: figures.server_memory_after_mb, store_mb: tools.size_mb(`${directory}/store`) };
  } finally {
    await running.stop();
    tools.remove(directory);
  }
}

async function confirmations(tools, server, documents) {
  const directory = tools.directory();
  const running = await tools.start(server, directory);
  try {
    return await tools.load(running, server, 'confirmed', '--documents', documents, '--chars', 100, '--seconds', tools.seconds);
  } finally {
    await running.stop();
    tools.remove(directory);
  }
}

/** A process of its own opens what another has made. */
async function opened(tools, documents) {
  const directory = tools.directory();
  const path = `${directory}/store`;
  try {
    await tools.store('fill', '--path', path, '--documents', documents, '--updates', 1);
    return await tools.store('open', '--path', path, '--documents', documents);
  } finally {
    tools.remove(directory);
  }
}

const median = (of) => of.toSorted((a, b) => a - b)[of.length >> 1];

/** One writer, in short turns with what is durable at the least: what a sync takes differs from second to second. */
async function in_turns(tools, server, floor, task) {
  const directory = tools.directory();
  const running = await tools.start(server, directory);
  const turns = [];
  try {
    for (let turn = 0; turn < (tools.is_quick ? 3 : 9); turn++) {
      const alone = await tools.store(...task, '--size-max', 200, '--seconds', 0.4);
      const one = await tools.load(running, server, 'confirmed', '--documents', 1, '--chars', 100, '--seconds', 0.4, '--warm-up', 0.1);
      const floor_us = alone[`${floor}_p50_us`];
      turns.push({ ...one, [`${floor}_p50_us`]: floor_us, [`per_${floor}`]: one.confirmation_p50_us / floor_us });
    }
  } finally {
    await running.stop();
    tools.remove(directory);
  }
  return Object.fromEntries(Object.keys(turns[0]).filter((key) => typeof turns[0][key] === 'number').map((key) => [key, median(turns.map((turn) => turn[key]))]));
}

const beside_disk = (tools, server) => in_turns(tools, server, 'fdatasync', ['disk']);

/** The store in a database that is made for it, and one COMMIT for each update in turns with it. */
async function in_database(tools, documents) {
  const directory = tools.directory();
  const database = await new postgres_server(`${directory}/postgresql`).start();
  try {
    return await tools.store('database', '--path', database.url, '--documents', documents, '--seconds', tools.seconds);
  } finally {
    await database.stop();
    tools.remove(directory);
  }
}

/** Servers that store in one database, which is made for each. One writer takes turns with the database alone. */
async function confirmations_in_database(tools, which, documents) {
  const directory = tools.directory();
  const database = await new postgres_server(`${directory}/postgresql`).start();
  try {
    const server = tools.servers.on_database(database.url)[which];
    if (documents > 1) return await confirmations(tools, server, documents);
    return await in_turns(tools, server, 'commit', ['commit', '--path', database.url]);
  } finally {
    await database.stop();
    tools.remove(directory);
  }
}

/** In the order in which they run. */
export const scenarios = {
  append: {
    what: 'The store alone: durable batches of one update (30 to 300 bytes) of each of so many documents, in turns with as many bytes and `fdatasync` on the same disk',
    columns: [column('updates_per_second', 'updates/s'), column('batch_p50_us', 'batch p50, µs'), column('batch_p99_us', 'p99, µs'), column('fdatasync_p50_us', 'fdatasync p50, µs'), column('fdatasync_p99_us', 'p99, µs'), column('batch_p50_per_fdatasync_p50', 'p50 : p50')],
    cases: (tools) => [1, 20, 200].map((count) => store_case(tools, `${count} document${count === 1 ? '' : 's'}`, 'append', '--documents', count, '--seconds', tools.seconds)),
    checks: ({ '1 document': one, '200 documents': many }) => [
      // Of rates, not of a median: what a sync takes has two humps where other programs compute.
      must('durable appends at 200 documents : with one fsync per update', many.updates_per_second / one.updates_per_second, '>=', 15),
    ],
  },
  database: {
    what: 'The store in PostgreSQL, on a socket of the same machine: durable batches of one update of each of so many documents, in turns with one COMMIT for each update in the same database',
    columns: [column('updates_per_second', 'updates/s'), column('batch_p50_us', 'batch p50, µs'), column('batch_p99_us', 'p99, µs'), column('commits_per_second', 'one COMMIT each, updates/s'), column('commit_p50_us', 'p50, µs'), column('commit_p99_us', 'p99, µs'), column('batch_p50_per_commit_p50', 'p50 : p50'), column('rate_per_commit_rate', 'rate : rate')],
    cases: (tools) => (can_run_postgres ? [1, 20, 200].map((count) => [`${count} document${count === 1 ? '' : 's'}`, () => in_database(tools, count)]) : []),
    skips: () => (can_run_postgres ? [] : ["PostgreSQL is left out: Debian's package `postgresql` is not there"]),
    checks: ({ '1 document': one, '200 documents': many }) =>
      one && many
        ? [
            must('PostgreSQL: appends at 200 documents : with one COMMIT per update', many.rate_per_commit_rate, '>=', 5),
            must('PostgreSQL: time to acknowledgement, one writer, p50 : one COMMIT, p50', one.batch_p50_per_commit_p50, '<=', 2),
          ]
        : [],
  },
  confirmed_in_database: {
    what: 'Servers that store in PostgreSQL, a new one on a socket of the same machine for each: one client of each document writes 100 characters, awaits the confirmation and writes again. With troupe a confirmed update is committed, or on the disk; the peer confirms what is in memory, and stores a document two seconds later. One writer takes short turns with one COMMIT for each update in the same database (the ratio is the median of the turns)',
    columns: [column('confirmed_per_second', 'updates/s'), column('confirmation_p50_us', 'p50, µs'), column('confirmation_p99_us', 'p99, µs'), column('commit_p50_us', 'one COMMIT p50, µs'), column('per_commit', 'p50 : p50'), column('server_cpu_us_per_update', 'CPU, µs/update')],
    cases: (tools) =>
      can_run_postgres
        ? [1, 200].flatMap((count) => [
            ...['troupe on PostgreSQL', ...(tools.servers.peers.length > 0 ? ['Hocuspocus + database extension'] : [])].map((name, which) => [of(name, count), () => confirmations_in_database(tools, which, count)]),
            [of('troupe on RocksDB', count), () => confirmations(tools, tools.servers.troupe, count)],
          ])
        : [],
    checks: ({ 'troupe on PostgreSQL, 1 document': one }) => (one ? [must('PostgreSQL: edit to acknowledgement at the server, one writer, p50 : one COMMIT, p50', one.per_commit, '<=', 2)] : []),
    skips: () => (can_run_postgres ? [] : ["PostgreSQL is left out: Debian's package `postgresql` is not there"]),
  },
  confirmed: {
    what: 'The server: one client of each document writes 100 characters, awaits the confirmation and writes again. With troupe a confirmed update is on the disk, and one writer takes short turns with `fdatasync` alone (the ratio is the median of the turns); the peers confirm what is in memory',
    columns: [column('confirmed_per_second', 'updates/s'), column('confirmation_p50_us', 'p50, µs'), column('confirmation_p99_us', 'p99, µs'), column('fdatasync_p50_us', 'fdatasync p50, µs'), column('per_fdatasync', 'p50 : p50'), column('server_cpu_us_per_update', 'CPU, µs/update')],
    cases: (tools) => [
      ['troupe, 1 document', () => beside_disk(tools, tools.servers.troupe)],
      ...[20, 200].map((count) => [`troupe, ${count} documents`, () => confirmations(tools, tools.servers.troupe, count)]),
      ...[1, 200].flatMap((count) => tools.servers.peers.map((server) => [`${server.name}, ${count} document${count === 1 ? '' : 's'}`, () => confirmations(tools, server, count)])),
    ],
    checks: ({ 'troupe, 1 document': one }) => [must('edit to acknowledgement, one writer, p50 : one fdatasync, p50', one.per_fdatasync, '<=', 1.5)],
  },
  cold: {
    what: 'Loading documents one by one, with nothing of the store in memory: 50 documents of 1,000 updates (30 to 300 bytes), and the article B4 as a checkpoint',
    columns: [column('first_load_ms', 'first, ms'), column('load_ms', 'median, ms'), column('load_and_decode_ms', 'with decoding, ms'), column('load_and_decode_max_ms', 'slowest, ms')],
    cases: (tools) => [
      store_case(tools, '1,000 updates', 'cold', '--documents', 50, '--updates', 1000),
      ...(existsSync(b4_update) ? [store_case(tools, 'B4', 'cold', '--documents', 20, '--file', b4_update)] : []),
    ],
    skips: () => (existsSync(b4_update) ? [] : ['B4 is left out: the data folder (TROUPE_DATA) lacks it']),
    checks: ({ '1,000 updates': updates, B4 }) => [
      must('cold load of 1,000 updates, with decoding, ms', updates.load_and_decode_ms, '<=', 5),
      ...(B4 ? [must('cold load of B4, with decoding, ms', B4.load_and_decode_ms, '<=', 5)] : []),
    ],
  },
  return: {
    what: 'A restart: as many clients come back at once to as many stored documents of 10 kB (100 updates each); time until all of them have all of their document',
    columns: [column('start_ms', 'start, ms'), column('seconds', 'all synced, s'), column('return_p50_us', 'median, ms', 1e-3), column('server_cpu_ms_per_client', 'CPU, ms/client')],
    cases: (tools) =>
      [tools.servers.troupe, ...tools.servers.peers].map((server) => [
        server.name,
        () => restarted(tools, server, tools.is_quick ? 200 : 1000, 10_000, (running) => tools.load(running, server, 'return', '--documents', tools.is_quick ? 200 : 1000, '--size', 10_000, '--documents-prefix', 'doc-')),
      ]),
    checks: ({ troupe, ...peers }) => Object.entries(peers).map(([name, { seconds }]) => must(`all synced after a restart, ${name} : troupe`, seconds / troupe.seconds, '>=', 10)),
  },
  compact: {
    what: 'Checkpoints of 200 documents with a log of 1,000 updates each, one durable batch each',
    columns: [column('checkpoints_per_second', 'checkpoints/s'), column('state_mb_per_second', 'MB of state/s'), column('state_kb', 'state, kB'), column('written_per_byte', 'written per byte')],
    cases: (tools) => ['prose', 'noise'].map((contents) => store_case(tools, contents, 'compact', '--documents', tools.is_quick ? 20 : 200, '--updates', 1000, '--contents', contents)),
  },
  written: {
    what: 'Bytes written for each byte of an update: 200 documents, updates of 30 to 300 bytes, one of each document in a durable batch, checkpoints as documents make them; from the first update to the closed store. Written: given to `write()` (`wchar` of `/proc/self/io`); pages: what became dirty (`write_bytes`)',
    columns: [column('written_per_byte', 'written'), column('pages_per_byte', 'pages'), column('checkpoint_bytes_per_byte', 'state in checkpoints'), column('update_mb', 'updates, MB'), column('store_mb', 'store, MB'), column('updates_per_second', 'updates/s')],
    cases: (tools) => {
      const updates = tools.is_quick ? 1000 : 5000;
      return [
        store_case(tools, 'prose', 'mix', '--updates', updates),
        store_case(tools, 'noise', 'mix', '--updates', updates, '--contents', 'noise'),
        ...(tools.is_quick ? [] : [store_case(tools, 'prose, four times as long', 'mix', '--updates', 4 * updates)]),
      ];
    },
    repetitions: 1,
    checks: ({ prose }) => [must('bytes written per byte of update, prose', prose.written_per_byte, '<=', 3)],
  },
  many: {
    what: 'Many small documents (one update of 30 to 300 bytes each): opening the store, the first 100 names with a prefix, one load, and the memory that the open store takes after 1,000 loads',
    columns: [column('open_ms', 'open, ms'), column('first_list_ms', 'first list, ms'), column('list_ms', 'list, ms'), column('load_us', 'load, µs'), column('memory_mb', 'memory, MB'), column('store_mb', 'store, MB')],
    cases: (tools) => [[tools.is_quick ? '20,000 documents' : '1,000,000 documents', () => opened(tools, tools.is_quick ? 20_000 : 1_000_000)]],
    repetitions: 1,
  },
  memory: {
    what: 'The server with 100 documents in use, of as many or of many more that are stored (10 updates each)',
    columns: [column('memory_mb', 'memory, MB'), column('start_ms', 'start, ms'), column('store_mb', 'store, MB')],
    cases: (tools) => [100, tools.is_quick ? 5000 : 100_000].map((stored) => [`${stored.toLocaleString('en-US')} stored`, () => memory_of(tools, tools.servers.troupe, stored)]),
    checks: (rows) => {
      const [few, many] = Object.values(rows);
      return [must('memory with many stored : with 100 stored', many.memory_mb / few.memory_mb, '<=', 1.2)];
    },
  },
  fanout: {
    what: 'What storing costs the fan-out: `1 × 100` has 32 updates outstanding, `100 × 10` one of each of 100 documents',
    columns: [column('deliveries_per_second', 'deliveries/s'), column('server_cpu_us_per_delivery', 'CPU, µs/delivery'), column('latency_p50_us', 'p50, µs'), column('latency_p99_us', 'p99, µs'), column('server_cpu_percent', 'server CPU, %'), column('other_cpu_percent', 'others, %')],
    cases: (tools) =>
      [['1 × 100', '--clients', 100, '--outstanding', 32], ['100 × 10', '--documents', 100, '--clients', 10]].flatMap(([name, ...args]) =>
        [['rocksdb', tools.servers.troupe], ['memory', tools.servers.memory]].map(([engine, server]) => [`${name}, ${engine}`, () => fanout(tools, server, ...args)]),
      ),
    repetitions: 5,
    checks: (rows) =>
      ['1 × 100', '100 × 10'].flatMap((name) => [
        must(`${name}: CPU per delivery, rocksdb : memory`, rows[`${name}, rocksdb`].server_cpu_us_per_delivery / rows[`${name}, memory`].server_cpu_us_per_delivery, '<=', 1.15),
        must(`${name}: rate, rocksdb : memory`, rows[`${name}, rocksdb`].deliveries_per_second / rows[`${name}, memory`].deliveries_per_second, '>=', 0.85),
      ]),
  },
};
