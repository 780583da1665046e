// Times the engine, yjs and ywasm on the same bytes in one run and prints a table with ratios. Each
// engine runs in processes of its own; they take turns, round by round, so that a slow moment of the
// machine meets all of them. A figure is the median over rounds of the medians in each. run.sh
// builds what this needs.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { run_curves } from './curves.mjs';
import { find_inputs } from './inputs.mjs';
import { format_table, ratio, three_digits } from './table.mjs';

const run = promisify(execFile);
const { values: given } = parseArgs({
  options: {
    engine: { type: 'string' },
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    'no-curves': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const engine_bench = given.engine ?? fileURLToPath(new URL('../../build/release/engine_bench', import.meta.url));
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));
if (!existsSync(engine_bench)) throw new Error(`there is no ${engine_bench}; bench/engine/run.sh builds it`);

const rounds = given.quick ? 1 : 3;
const effort = { runs: 15, seconds: given.quick ? 0.1 : 0.25 };
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function run_ours(input, task) {
  const args = [task, input.file, '--json', '--runs', String(effort.runs), '--seconds', String(effort.seconds)];
  if (task === 'diff') args.push('--from', input.from);
  if (task === 'text' || task === 'json') args.push('--root', input.root);
  if (input.first !== undefined) args.push('--first', String(input.first));
  return JSON.parse((await run(engine_bench, args)).stdout);
}

/** {TASK: figures} of one engine on one input. */
async function run_engine(engine, input) {
  if (engine === 'ours') {
    const figures = {};
    for (const task of input.tasks) figures[task] = await run_ours(input, task);
    return figures;
  }
  const job = JSON.stringify({ engine, input, ...effort });
  return JSON.parse((await run(process.execPath, ['--expose-gc', worker, job])).stdout);
}

const engines = ['ours', 'yjs', 'ywasm'];
const timed = ['median_ms', 'warm_median_ms', 'after_change_median_ms', 'bytes', 'items', 'output_bytes'];

/** [{input, task, ours, yjs, ywasm}], each engine with the median of its figures over all rounds. */
async function measure(input) {
  const seen = engines.map(() => []);
  for (let round = 0; round < (input.is_slow ? 1 : rounds); round++)
    for (const [i, engine] of engines.entries()) seen[i].push(await run_engine(engine, input));
  return input.tasks.map((task) => {
    const row = { input: input.name, task };
    for (const [i, engine] of engines.entries()) {
      const figures = seen[i].map((round) => round[task]).filter((figure) => figure !== undefined);
      if (figures.length === 0) continue;
      row[engine] = { runs: figures.reduce((sum, figure) => sum + (figure.runs ?? 1), 0) };
      for (const name of timed)
        if (figures[0][name] !== undefined) row[engine][name] = median(figures.map((figure) => figure[name]));
    }
    if (task === 'apply') row.updates = seen[0][0].apply.updates;
    return row;
  });
}

/** The lines of one measurement: what is measured, in which unit, and how to get it from a figure. */
function lines_of({ task, updates, ours }) {
  if (task === 'memory') return [['bytes per item', (figure) => figure.bytes / (ours.items ?? 1)]];
  const ms = (name) => (figure) => figure[name];
  if (task === 'encode')
    return [
      ['encode, cold, ms', ms('median_ms')],
      ['encode, unchanged, ms', ms('warm_median_ms')],
      ['encode, after a change, ms', (figure) => figure.after_change_median_ms],
    ];
  if (task === 'apply') return [['apply one by one, ms', ms('median_ms')], ['per update, ns', (figure) => (figure.median_ms * 1e6) / updates]];
  return [[`${task}, ms`, ms('median_ms')]];
}

function table_rows(rows) {
  return rows.flatMap((row) =>
    lines_of(row).map(([what, of]) => {
      const [ours, yjs, ywasm] = engines.map((engine) => (row[engine] === undefined ? undefined : of(row[engine])));
      return [row.input, what, three_digits(ours), three_digits(yjs), three_digits(ywasm), ratio(ours, yjs), ratio(ours, ywasm)];
    }),
  );
}

/** What one engine read that another did not: then the figures compare different things. */
function disagreements(rows) {
  return rows
    .filter(({ task }) => task === 'text' || task === 'json')
    .filter((row) => engines.some((engine) => row[engine].output_bytes !== row.ours.output_bytes))
    .map(({ input, task }) => `${input}: the engines give a different ${task}`);
}

const { inputs, notes } = find_inputs({ is_quick: given.quick });
for (const note of notes) console.log(`note: ${note}`);
const rows = [];
for (const input of inputs) {
  process.stderr.write(`measuring ${input.name}\n`);
  rows.push(...(await measure(input)));
}
const header = ['input', 'what', 'ours', 'yjs', 'ywasm', 'yjs/ours', 'ywasm/ours'];
console.log(format_table(header, table_rows(rows), { is_markdown: given.markdown }).join('\n'));
for (const line of disagreements(rows)) console.log(`WARNING: ${line}`);

const curves = given['no-curves'] ? [] : await run_curves({ engine_bench, worker, effort, is_quick: given.quick });
if (curves.length > 0) {
  const curve_header = ['curve', 'series', 'size', 'ours, ms', 'growth', 'yjs, ms', 'ywasm, ms'];
  const curve_rows = curves.map((p) => [p.curve, p.series, three_digits(p.size), three_digits(p.ours), three_digits(p.growth), three_digits(p.yjs), three_digits(p.ywasm)]);
  console.log(`\n${format_table(curve_header, curve_rows, { is_markdown: given.markdown }).join('\n')}`);
}
if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify({ node: process.version, effort, rounds, rows, curves }, null, 1)}\n`);
