// What is measured. Each scenario says what it is, runs its cases in turns, and gives the rows of its table and what the
// figures must show. `tools` starts clusters and the load generator (run.mjs).
import { setTimeout as sleep } from 'node:timers/promises';
import { cpu_ms, memory_mb } from './servers.mjs';

const column = (key, title, scale = 1) => ({ key, title, scale });
const must = (what, value, op, bound) => ({ what, value, op, bound, holds: op === '<=' ? value <= bound : value >= bound });

const ours = 'troupe, 2';
const theirs = 'Hocuspocus + Redis, 2';

/** Checks of two rows, if both were measured. */
const beside = (checks) => (rows) => (rows[ours] && rows[theirs] ? checks(rows[ours], rows[theirs]) : []);

const latencies = [column('cross_node_p50_us', 'cross-node p50, ms', 1e-3), column('cross_node_p99_us', 'p99, ms', 1e-3), column('cross_node_max_us', 'max, ms', 1e-3)];
const same_node = [column('same_node_p50_us', 'same node p50, ms', 1e-3), column('same_node_p99_us', 'p99, ms', 1e-3)];
const per_update = column('server_cpu_us_per_update', 'CPU, µs/update');
const loads = [column('generator_cpu_percent', 'generator, %'), column('other_cpu_percent', 'others, %')];

/** A number for each node: `first` for the first ones, `rest` for the others. */
const spread = (nodes, first, rest = 0) => Array.from({ length: nodes }, (_, i) => first[i] ?? rest).join(',');

/** Runs `cross` on clusters of so many nodes; `who(nodes)` has the arguments about writers and readers. */
const cross = (sizes, seconds, who, ...args) => (tools) =>
  sizes.flatMap((nodes) =>
    Object.entries(tools.clusters.of(nodes)).map(([title, cluster]) => [
      title,
      () => tools.on(cluster, (running) => tools.load(running, 'cross', ...who(nodes), ...args, '--seconds', tools.seconds(seconds))),
    ]),
  );

/** One writer at the first node, a reader at each; alone, two readers. */
const one_writer = (nodes) => ['--writers', spread(nodes, [1]), '--readers', nodes === 1 ? '2' : spread(nodes, [], 1)];
/** Ten writers at each of two nodes, a reader at each further one; alone, twenty writers. */
const twenty_writers = (nodes) => ['--writers', nodes === 1 ? '20' : spread(nodes, [10, 10]), '--readers', spread(nodes, [0, 0], 1)];
const writers = 20;

const latency = (rate, seconds, sizes) => ({
  what: `One writer at one node, ${rate} updates a second, a reader at each node; open loop`,
  columns: [...latencies, ...same_node, per_update, ...loads],
  cases: cross(sizes, seconds, one_writer, '--rate', rate),
  checks: beside((a, b) => [
    must(`${rate} updates/s, cross-node p50, troupe : Hocuspocus`, a.cross_node_p50_us / b.cross_node_p50_us, '<=', 0.5),
    must(`${rate} updates/s, cross-node p99, troupe : Hocuspocus`, a.cross_node_p99_us / b.cross_node_p99_us, '<=', 0.5),
  ]),
});

const rates = [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192].map((thousands) => 1000 * thousands);

/** The highest of the rates at which everything arrives within a second; ends after two rates in a row that are too high. */
async function highest_rate(tools, cluster, who, writers) {
  let best = { updates_per_second_max: 0 };
  let failed = 0;
  for (const rate of tools.is_quick ? [1000, 8000] : rates) {
    const figures = await tools
      .on(cluster, (running) => tools.load(running, 'cross', ...who, '--rate', rate / writers, '--seconds', tools.seconds(6)))
      .catch((error) => ({ arrived_within_1s: 0, why: error.message }));
    process.stderr.write(`  ${rate}/s: ${figures.arrived_within_1s ? `all within ${Math.round(figures.cross_node_max_us / 1e3)} ms` : (figures.why ?? 'too late')}\n`);
    if (figures.arrived_within_1s) best = { ...figures, updates_per_second_max: rate };
    failed = figures.arrived_within_1s ? 0 : failed + 1;
    if (failed === 2) break;
  }
  return best;
}

/** A scenario of rising rates; `who(nodes)` has the arguments about writers and readers. */
const rising = (what, check, who, writers, others = {}) => ({
  what: `${what}, at rising rates, runs of 6 s: the highest rate at which everything arrives within a second, and what was measured at it`,
  columns: [column('updates_per_second_max', 'updates/s'), column('deliveries_per_second', 'deliveries/s'), per_update, ...latencies, ...loads],
  cases: (tools) =>
    [2, 3].flatMap((nodes) =>
      Object.entries(tools.clusters.of(nodes))
        .filter(([title]) => nodes === 2 || title.startsWith('troupe'))
        .map(([title, cluster]) => [title, () => highest_rate(tools, cluster, who(nodes), writers)]),
    ),
  checks: beside((a, b) => (check ? [must(check, a.updates_per_second_max / b.updates_per_second_max, '>=', 4)] : [])),
  ...others,
});
const hundred_documents = (nodes) => ['--documents', 100, '--writers', spread(nodes, [1]), '--readers', nodes === 1 ? '1' : spread(nodes, [0], 1)];

/** What each process of an idle cluster uses. */
async function idle(tools, running) {
  await sleep(3000); // what follows a start is over
  const seconds = tools.seconds(20);
  const before = running.pids.map(cpu_ms);
  const bytes = running.bytes();
  await sleep(1000 * seconds);
  const used = running.pids.map((pid, i) => (cpu_ms(pid) - before[i]) / seconds);
  return {
    cpu_ms_per_second: used.reduce((sum, each) => sum + each, 0),
    cpu_ms_per_second_and_process: Math.max(...used),
    bytes_per_second: (running.bytes() - bytes) / seconds,
    memory_mb: Math.max(...running.pids.map((pid) => memory_mb(pid))),
  };
}

/** How far the memory of the first node grows while another one is slow, frozen, or well, and 1 MB/s is written. */
async function memory_beside(tools, disturb) {
  return tools.on(tools.clusters.troupe(3, { is_proxied: true }), async (running) => {
    const [first, , third] = running.cluster.nodes;
    const before = memory_mb(first.pid);
    disturb(running.cluster, third);
    const figures = await tools
      .load({ ...running, addresses: running.addresses.slice(0, 2), pids: [first.pid] }, 'cross', '--writers', '10,10', '--rate', 50, '--chars', 1000, '--seconds', tools.seconds(30));
    third.thaw();
    return { ...figures, memory_before_mb: before, memory_most_mb: memory_mb(first.pid, 'VmHWM') };
  });
}

/** Clients of the first node only, and its CPU. */
const fanout = (tools, cluster, ...args) =>
  tools.on(cluster, ({ protocol, addresses: [address], pids: [pid] }) =>
    tools.load({ protocol, addresses: [address], pids: [pid] }, 'fanout', ...args, '--seconds', tools.seconds(4), '--check-state'));

/** What clients of one node do: in a closed loop, and typing at a rate. */
const local_loads = {
  '1 × 100': ['--clients', 100, '--outstanding', 32],
  typing: ['--documents', 20, '--clients', 25, '--writers', 25, '--rate', 2],
};

/** In the order in which they run. */
export const scenarios = {
  'latency-10': latency(10, 20, [2, 3, 1]),
  'latency-100': latency(100, 15, [2, 3, 1]),
  hot: {
    what: 'One document, ten writers at each of two nodes, 500 updates a second in all, everybody receives all; with three nodes also a reader at the third; alone, twenty writers',
    columns: [per_update, ...latencies, ...same_node, column('server_1_cpu_percent', 'first node, %'), column('server_2_cpu_percent', 'second, %'), column('server_3_cpu_percent', 'third or Redis, %'), ...loads],
    cases: cross([2, 3, 1], 15, twenty_writers, '--rate', 500 / writers),
    checks: beside((a, b) => [must('hot document at 500/s, CPU per update, troupe : Hocuspocus', a.server_cpu_us_per_update / b.server_cpu_us_per_update, '<=', 0.25)]),
  },
  sweep: rising('The same document and its twenty writers', 'highest rate in one document, troupe : Hocuspocus', twenty_writers, writers),
  documents: {
    what: '100 documents, one writer at the first node and one reader at the second, 5 updates a second each; alone, both at the one',
    columns: [per_update, ...latencies, column('server_1_cpu_percent', 'first node, %'), column('server_2_cpu_percent', 'second, %'), column('server_3_cpu_percent', 'Redis, %'), ...loads],
    cases: cross([2, 1], 15, hundred_documents, '--rate', 5),
    checks: beside((a, b) => [must('100 documents at 5/s, CPU per update, troupe : Hocuspocus', a.server_cpu_us_per_update / b.server_cpu_us_per_update, '<=', 0.25)]),
  },
  'sweep-documents': rising('The same 100 documents; with three nodes, a reader at each further one', undefined, hundred_documents, 100, { repetitions: 1 }),
  'catch-up': {
    what: 'Two nodes apart for 8 s (with Hocuspocus, one server and Redis), in which a client of the first writes 5,000 updates; from the heal until a reader at the second has all. `Silent`: nothing passes, and connections stay; `broken`: they break and none can be made; `edited`: likewise, and somebody edits once more at the heal',
    columns: [column('catch_up_ms', 'caught up, ms'), column('missing', 'updates missing after 20 s'), column('server_cpu_percent', 'CPU meanwhile, %')],
    cases: (tools) =>
      Object.entries(tools.clusters.of(2, { is_proxied: true })).flatMap(([title, cluster]) =>
        ['silent', 'broken', 'edited'].map((how) => [
          `${title}, ${how}`,
          () =>
            tools.on(cluster, ({ cut, refuse, ...running }) => {
              const apart = { ...running, cut: how === 'silent' ? cut : refuse };
              return tools.catch_up(apart, '--updates', 5000, '--seconds', 20, ...(how === 'edited' ? ['--nudge'] : []));
            }),
        ]),
      ),
    repetitions: 1,
  },
  idle: {
    what: 'Nobody connected: CPU of all processes and of the busiest, and bytes on all links',
    columns: [column('cpu_ms_per_second', 'CPU, ms/s'), column('cpu_ms_per_second_and_process', 'busiest, ms/s'), column('bytes_per_second', 'links, bytes/s'), column('memory_mb', 'largest, MB')],
    cases: (tools) =>
      [1, 2, 3].flatMap((nodes) => Object.entries(tools.clusters.of(nodes, { is_proxied: true })).map(([title, cluster]) => [title, () => tools.on(cluster, (running) => idle(tools, running))])),
    repetitions: 1,
  },
  local: {
    what: 'Clients of one node (`1 × 100`: one writes with 32 updates outstanding; `typing`: 20 documents × 25 clients, all of them type, 2 characters/s each): without a cluster, and as a cluster of one; also the first of two nodes, where the other one stores all of it, too',
    columns: [column('server_cpu_us_per_delivery', 'CPU, µs/delivery'), column('deliveries_per_second', 'deliveries/s'), column('latency_p50_us', 'p50, µs'), column('latency_p99_us', 'p99, µs'), ...loads],
    cases: (tools) =>
      Object.entries(local_loads).flatMap(([name, args]) => [
        [`${name}, no cluster`, () => fanout(tools, tools.clusters.troupe(1), ...args)],
        ...(tools.clusters.has_cluster
          ? [
              [`${name}, cluster of one`, () => fanout(tools, tools.clusters.troupe(1, { is_clustered: true }), ...args)],
              [`${name}, first of two`, () => fanout(tools, tools.clusters.troupe(2), ...args)],
            ]
          : []),
      ]),
    repetitions: 9,
    checks: (rows) =>
      Object.keys(local_loads).flatMap((name) => {
        const [without, alone] = [rows[`${name}, no cluster`], rows[`${name}, cluster of one`]];
        return alone ? [must(`${name}: CPU per delivery to local clients, in a cluster : without`, alone.server_cpu_us_per_delivery / without.server_cpu_us_per_delivery, '<=', 1.03)] : [];
      }),
  },
  memory: {
    what: 'Three nodes, 1 MB a second written at two of them into one document: the memory of the first while the third is well, behind 50 ms and 16 KiB/s, frozen',
    columns: [column('memory_before_mb', 'before, MB'), column('memory_most_mb', 'most, MB'), column('cross_node_p99_us', 'cross-node p99, ms', 1e-3), column('lost', 'lost')],
    cases: (tools) =>
      tools.clusters.has_cluster
        ? [
            ['all well', () => memory_beside(tools, () => {})],
            ['one slow', () => memory_beside(tools, (cluster, third) => cluster.peers_of(third).forEach((each) => cluster.network.slow(each.name, third.name, { delay_ms: 50, bytes_per_second: 16 * 1024 })))],
            ['one frozen', () => memory_beside(tools, (_, third) => third.freeze())],
          ]
        : [],
    repetitions: 1,
  },
};
