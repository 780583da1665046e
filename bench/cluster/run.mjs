// Runs the scenarios as bench/storage does: cases in turns, in reversed order every other time, a figure is the median of
// the repetitions, each measurement with fresh processes after a quiet moment. run.sh builds and installs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wait_until_quiet } from '../compare/quiet.mjs';
import { about_run, checked, figures_of, measure } from '../storage/measure.mjs';
import { as_page, as_text } from '../storage/results.mjs';
import { has_cluster } from '../../tests/interop/support/cluster.mjs';
import { catch_up } from './catch_up.mjs';
import { scenarios } from './scenarios.mjs';
import { clusters_of } from './servers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const { values: given } = parseArgs({
  options: {
    troupe: { type: 'string', default: join(root, 'build/release/troupe') },
    load: { type: 'string', default: join(root, 'build/release/load') },
    set: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    repetitions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'without-peers': { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
    label: { type: 'string' },
    json: { type: 'string' },
    results: { type: 'string' },
  },
});
const names = given.only === undefined ? Object.keys(scenarios) : given.only.split(',');
for (const name of names) if (!scenarios[name]) throw new Error(`there is no scenario "${name}"; there are: ${Object.keys(scenarios).join(', ')}`);
for (const path of [given.troupe, given.load]) if (!existsSync(path)) throw new Error(`there is no ${path}; bench/cluster/run.sh builds it`);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// What starts the nodes is that of the tests.
process.env.TROUPE_BINARY = given.troupe;
if (!has_cluster()) process.stderr.write('this build has no clusters: only nodes without one are measured\n');

const load_args = ({ addresses, pids, protocol }, mode, args) => [
  mode, ...args, '--address', addresses.join(','), '--server-pid', pids.join(','), '--protocol', protocol, '--json',
];
const settings = Object.fromEntries(given.set.map((set) => set.split(/=(.*)/s, 2)));
const tools = {
  is_quick: given.quick,
  /** Seconds of a measurement: less in a quick run. */
  seconds: (full) => (given.quick ? Math.min(2, full) : full),
  clusters: clusters_of({ settings, has_cluster: has_cluster(), with_peers: !given['without-peers'] }),
  load: (running, mode, ...args) => figures_of(given.load, load_args(running, mode, args)),
  catch_up: (running, ...args) => catch_up(given.load, load_args(running, 'catch_up', args).map(String), running),
  /** Starts a cluster in a quiet moment, measures and ends it. */
  on: async (cluster, measured) => {
    await wait_until_quiet();
    const running = await cluster.start();
    try {
      return await measured(running);
    } finally {
      await running.stop();
    }
  },
};

const peers = ['server', 'extension-redis'].map((name) => join(here, 'hocuspocus/node_modules/@hocuspocus', name));
const earlier = given.tables ? JSON.parse(readFileSync(given.json)) : undefined;
const about = earlier?.about ?? (await about_run(root, given.label, given['without-peers'] ? [] : peers));
const measured = {};
for (const name of names) {
  measured[name] = earlier ? checked(scenarios[name], earlier.scenarios[name]) : await measure(name, scenarios[name], tools, given.quick ? 1 : given.repetitions);
  console.log(as_text(name, measured[name]));
}
if (given.json !== undefined && !given.tables) writeFileSync(given.json, `${JSON.stringify({ about, scenarios: measured }, null, 1)}\n`);
if (given.results !== undefined) as_page(given.results, about, measured);
process.exit(Object.values(measured).some(({ failures }) => failures.length > 0) ? 1 : 0);
