// The faults: what each does to a cluster under load, and how often in short and in long. A fault begins with the load
// running, and resolves once everything is healed; round.mjs does the rest.
import { small_disk } from '../faults/support.mjs';
import { losses } from './losses.mjs';
import { pause } from './round.mjs';
import { come_and_go, database_rows } from './shared.mjs';

/** SIGKILL of some nodes; they come back after a while. */
async function killed(run, nodes, least_s, most_s) {
  await Promise.all(nodes.map((node) => node.kill()));
  await pause(1000 * run.between(least_s, most_s));
  await Promise.all(nodes.map((node) => node.start()));
}
const down = (run, nodes) => (run.is_long ? killed(run, nodes, 1, 10) : killed(run, nodes, 1, 2));

const kill_forms = { short: { rounds: 1, minutes_max: 2 }, long: { rounds: 10, minutes_max: 12 } };

/** Some state of the network for a while. */
const for_a_while = (disturb, { least_s = 1, most_s = 20, short_s = 7 } = {}) => async (run) => {
  await disturb(run);
  await run.a_while(least_s, most_s, short_s);
  run.network.heal();
};
const network_forms = { short: { rounds: 1, minutes_max: 2 }, long: { rounds: 8, minutes_max: 12 } };
const names = (nodes) => nodes.map(({ name }) => name);

/** Connections break again and again, of one pair after the other. */
async function flap(run) {
  const end = Date.now() + (run.is_long ? 20_000 : 4000);
  while (Date.now() < end) {
    const a = run.one_of(run.nodes);
    run.network.reset(a.name, run.one_of(run.cluster.peers_of(a)).name);
    await pause(run.between(50, 1000));
  }
}

/** A node like the others that is not in the list yet. */
async function new_node(run) {
  const node = await run.cluster.add_node();
  await node.start();
  return node;
}
const one_up = (run, except) => run.cluster.members().find((node) => node.is_up && node !== except);

/** A node that is up adds another one, once that has asked. */
async function add(run, node) {
  const by = one_up(run, node);
  const end = Date.now() + 15_000;
  while ((await run.cluster.tool(by, 'add', node.name, node.address)).code !== 0) {
    if (Date.now() > end) return run.cluster.must(by, 'add', node.name, node.address);
    await pause(200);
  }
}

/** Ends a node of the list: in order, it is struck off, and stopped once the others have its documents. */
async function leave(run, node) {
  await run.cluster.must(one_up(run, node), 'leave', node.name);
  node.has_left = true;
  await run.cluster.moved(60_000, run.cluster.members().filter(({ is_up }) => is_up));
  await node.stop();
}

const all_rows = [
  {
    name: 'kill-ingest', what: 'SIGKILL of the node that all writers are at, 1-10 s', ...kill_forms, at_one_node: true,
    fault: (run) => down(run, [run.nodes[0]]),
  },
  { name: 'kill-home', what: 'SIGKILL of the home of a document, 1-10 s', ...kill_forms, fault: async (run) => down(run, [await run.home()]) },
  { name: 'kill-random', what: 'SIGKILL of a random node, 1-10 s', ...kill_forms, fault: (run) => down(run, [run.one_of(run.nodes)]) },
  {
    name: 'kill-all', what: 'SIGKILL of all nodes at once', short: { rounds: 2, minutes_max: 2 }, long: { rounds: 10, minutes_max: 10 },
    fault: (run) => killed(run, run.nodes, 0.2, 2),
  },
  {
    name: 'kill-of-five', what: 'SIGKILL of a random node of five, 1-10 s', nodes: 5, ...kill_forms, fault: (run) => down(run, [run.one_of(run.nodes)]),
  },
  {
    name: 'freeze', what: 'SIGSTOP of a random node, 1-60 s', short: { rounds: 2, minutes_max: 3 }, long: { rounds: 6, minutes_max: 15 },
    fault: async (run) => {
      const node = run.one_of(run.nodes);
      node.freeze();
      await pause(1000 * (run.is_long ? run.one_of([1, 3, 8, 20, 60]) : run.figures.rounds === 0 ? 1.5 : 8));
      node.thaw();
    },
  },
  {
    name: 'partition', what: 'one node of three cut off from both others, 1-20 s', ...network_forms,
    fault: for_a_while((run) => {
      const alone = run.one_of(run.nodes);
      run.network.partition([alone.name], names(run.cluster.peers_of(alone)));
    }),
  },
  {
    name: 'partition-pair', what: 'two nodes of three cut off from each other, 1-20 s', ...network_forms,
    fault: for_a_while((run) => {
      const a = run.one_of(run.nodes);
      run.network.cut(a.name, run.one_of(run.cluster.peers_of(a)).name);
    }),
  },
  {
    name: 'partition-five', what: 'five nodes, two cut off from three, 1-20 s', nodes: 5, ...network_forms,
    fault: for_a_while((run) => {
      const first = Math.floor(run.random() * 5);
      const few = [run.nodes[first], run.nodes[(first + 1 + Math.floor(run.random() * 4)) % 5]];
      run.network.partition(names(few), names(run.nodes.filter((node) => !few.includes(node))));
    }),
  },
  {
    name: 'one-way', what: 'what one node says reaches nobody, or nothing reaches it, 1-20 s', ...network_forms,
    fault: for_a_while((run) => {
      const alone = run.one_of(run.nodes).name;
      const is_mute = run.random() < 0.5;
      for (const other of run.cluster.names) if (other !== alone) run.network.hold(...(is_mute ? [alone, other] : [other, alone]));
    }),
  },
  {
    name: 'slow-link', what: 'one node behind links of 200 ms and 32 KiB/s, 5-20 s', ...network_forms,
    fault: for_a_while((run) => {
      const slow = run.one_of(run.nodes);
      for (const other of run.cluster.peers_of(slow)) run.network.slow(slow.name, other.name, { delay_ms: 200, bytes_per_second: 32 * 1024 });
    }, { least_s: 5 }),
  },
  { name: 'flapping', what: 'links that break again and again, at once whole again', ...network_forms, fault: flap },
  {
    name: 'rolling', what: 'all nodes restarted one by one with SIGTERM', short: { rounds: 1, minutes_max: 2 }, long: { rounds: 5, minutes_max: 10 },
    fault: async (run) => {
      for (const node of run.nodes) {
        await node.stop();
        await node.start();
        await node.ready();
        await pause(500);
      }
    },
  },
  {
    name: 'join-leave', shared: { what: 'a fourth node is started, then one of the four stopped', fault: come_and_go },
    what: 'a fourth node joins, then one of the four leaves', short: { rounds: 1, minutes_max: 3 }, long: { rounds: 3, minutes_max: 15 },
    fault: async (run) => {
      const joining = await new_node(run);
      await add(run, joining);
      await joining.ready(30_000);
      await pause(2000);
      await leave(run, run.one_of(run.cluster.members().filter((node) => node.is_up)));
      await pause(2000);
    },
  },
  {
    name: 'disk-destroyed', has_disks: true, what: 'a node killed with its disk, replaced by an empty one', short: { rounds: 1, minutes_max: 3 }, long: { rounds: 4, minutes_max: 15 },
    fault: async (run) => {
      const node = run.one_of(run.cluster.members());
      await node.kill();
      node.destroy_disk();
      await pause(500);
      await run.cluster.must(one_up(run, node), 'remove', node.name);
      await node.start(); // another uuid
      await add(run, node);
      await node.ready(30_000);
    },
  },
  {
    name: 'disk-full', has_disks: true, what: 'the disk of one node full for 3-10 s', short: { rounds: 1, minutes_max: 2 }, long: { rounds: 4, minutes_max: 10 },
    prepare: async (run) => {
      while (run.nodes.length < run.count) await run.cluster.add_node();
      const node = run.nodes.at(-1);
      run.disk = small_disk(node.folder);
      node.directory = run.disk.directory;
      const start = node.start.bind(node);
      node.start = () => start(run.disk.environment);
    },
    fault: async (run) => {
      run.disk.fill();
      await run.a_while(3, 10, 4);
      run.disk.free();
      await run.nodes.at(-1).ready(30_000);
    },
  },
  ...losses,
];

/** The rows of a durability; where nodes share a database, they have no disks, and the database may fail. */
export function rows_of(durability) {
  if (durability === 'keepers') return all_rows;
  return [...all_rows.filter(({ has_disks }) => !has_disks).map((row) => ({ ...row, ...row.shared })), ...database_rows];
}
