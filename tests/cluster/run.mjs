// Runs rows of faults against clusters of real nodes, one after the other, and prints the table. run.sh installs.
//
//   node tests/cluster/run.mjs [--short] [--only ROW,ROW] [--seed N] [--rounds N] [--nodes N] [--set KEY=VALUE] [--durability keepers|shared] [--results PAGE] [--list]
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { figures_in, format_table, replace_figures, three_digits } from '../../bench/engine/table.mjs';
import { has_cluster } from '../interop/support/cluster.mjs';
import { run_row } from './round.mjs';
import { rows_of } from './rows.mjs';
import { can_share } from './shared.mjs';

/** What ./test runs: each kind of fault once. */
const short_selection = ['kill-random', 'partition', 'rolling', 'only-copy'];

const { values: given } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    selection: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string' },
    rounds: { type: 'string' },
    nodes: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    durability: { type: 'string', default: 'keepers' },
    results: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const is_shared = given.durability === 'shared';
const rows = rows_of(given.durability);
if (given.list) {
  for (const { name, what } of rows) console.log(`${name.padEnd(16)} ${what}`);
  process.exit();
}
// A "cluster" of one node is a server without one, for trying out the rows that need no peer.
if (!has_cluster() && given.nodes !== '1') {
  console.log('skipped: this build has no clusters');
  process.exit();
}
if (is_shared && !can_share) {
  console.log("skipped: no PostgreSQL (Debian's package postgresql)");
  process.exit();
}
const wanted = given.only?.split(',') ?? (given.selection ? short_selection : rows.map(({ name }) => name));
for (const name of wanted) if (!rows.some((row) => row.name === name)) throw new Error(`there is no row "${name}"; --list tells which there are`);
const settings = Object.fromEntries(given.set.map((set) => set.split(/=(.*)/s, 2)));
const seed = Number(given.seed ?? Date.now() % 100_000);

const columns = [
  ['rounds', 'rounds'],
  ['acknowledged', 'acknowledged'],
  ['lost', 'lost'],
  ['phantom', 'phantom'],
  ['resurrected', 'resurrected'],
  ['repeated', 'repeated'],
  ['differing', 'differing replicas'],
  ['longest_ms', 'longest without ack, s', 1e-3],
  ['converged_ms', 'converged after heal, s', 1e-3],
];
const header = ['row', 'fault', ...columns.map(([, title]) => title)];
const cells = ({ name, what }, figures) => [
  name, what, ...columns.map(([key, , scale]) => (scale ? three_digits(figures[key] * scale) : Math.round(figures[key]).toLocaleString('en-US'))),
];

const lines = new Map();
for (const row of rows.filter(({ name }) => wanted.includes(name))) {
  const { figures, notes, problems } = await run_row(row, {
    is_short: given.short, seed, rounds: given.rounds && Number(given.rounds), nodes: given.nodes && Number(given.nodes), settings, durability: given.durability,
  });
  lines.set(row.name, cells(row, figures));
  const told = columns.map(([key]) => `${Math.round(figures[key])} ${key}`).join(', ');
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${row.name} (seed ${seed}): ${told}, ${figures.closed} sockets closed by nodes that were up`);
  for (const each of notes) console.log(`     note: ${each}`);
  for (const each of problems) console.log(`     ${each}`);
  if (problems.length > 0) process.exitCode = 1;
}
console.log(`\n${format_table(header, [...lines.values()], { is_markdown: false }).join('\n')}`);

const place = is_shared ? 'figures of nodes that share a database' : 'figures';

/** Rows that were not run stay as the page has them. */
function all_lines(page) {
  const earlier = new Map();
  for (const line of figures_in(page, place).split('\n')) {
    const parts = line.split('|').slice(1, -1).map((part) => part.trim());
    if (parts.length === header.length) earlier.set(parts[0], parts);
  }
  return rows.map(({ name, what }) => lines.get(name) ?? earlier.get(name) ?? [name, what, ...columns.map(() => '–')]);
}

if (given.results) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: new URL('.', import.meta.url) }).toString().trim();
  const about = `Commit ${commit}, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, seed ${seed}; rows run: ${wanted.length === rows.length ? 'all' : wanted.join(', ')}.`;
  replace_figures(given.results, `${about}\n\n${format_table(header, all_lines(given.results), { is_markdown: true }).join('\n')}`, place);
}
process.exit();
