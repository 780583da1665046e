// Times the engine, yjs and ywasm on the same bytes in one run and prints a table with ratios. Each
// engine runs in processes of its own; they take turns, round by round, so that a slow moment of the
// machine meets all of them. A figure is the median over rounds of the medians in each. run.sh
// builds what this needs.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { run_curves } from './curves.mjs';
import { find_inputs } from './inputs.mjs';
import { format_table, ratio, replace_figures, three_digits } from './table.mjs';

const run = promisify(execFile);
const { values: given } = parseArgs({
  options: {
    engine: { type: 'string' },
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    minimum: { type: 'boolean', default: false },
    'no-curves': { type: 'boolean', default: false },
    'only-curves': { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
    results: { type: 'string' },
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
  if (input.base !== undefined) args.push('--base', input.base);
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
const of_medians = ['median_ms', 'warm_median_ms', 'after_change_median_ms', 'bytes', 'items', 'output_bytes'];
const of_minima = ['min_ms', 'warm_min_ms', 'after_change_min_ms'];

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
      for (const [names, pick] of [[of_medians, median], [of_minima, (values) => Math.min(...values)]])
        for (const name of names)
          if (figures[0][name] !== undefined) row[engine][name] = pick(figures.map((figure) => figure[name]));
    }
    if (task === 'apply') row.updates = seen[0][0].apply.updates;
    return row;
  });
}

/** The lines of one measurement: what is measured, in which unit, and how to get it from a figure; `figure` is median or min. */
function lines_of({ task, updates, ours }, figure) {
  const ms = (prefix) => (of) => of[`${prefix}${figure}_ms`];
  if (task === 'memory') return [['bytes per item', (of) => of.bytes / (ours.items ?? 1)]];
  if (task === 'encode')
    return [
      ['encode, cold, ms', ms('')],
      ['encode, unchanged, ms', ms('warm_')],
      ['encode, after a change, ms', ms('after_change_')],
    ];
  if (task === 'apply') return [['apply one by one, ms', ms('')], ['per update, ns', (of) => (ms('')(of) * 1e6) / updates]];
  return [[`${task}, ms`, ms('')]];
}

function table_rows(rows, figure) {
  return rows.flatMap((row) =>
    lines_of(row, figure).map(([what, of]) => {
      const [ours, yjs, ywasm] = engines.map((engine) => (row[engine] === undefined ? undefined : of(row[engine])));
      return [row.input, what, three_digits(ours), three_digits(yjs), three_digits(ywasm), ratio(ours, yjs), ratio(ours, ywasm)];
    }),
  );
}

const printed = [];
function print(text) {
  printed.push(text);
  console.log(text);
}

const is_markdown = given.markdown || given.results !== undefined;
function print_table(title, header, lines) {
  print(`${is_markdown ? '### ' : ''}${title}\n\n${format_table(header, lines, { is_markdown }).join('\n')}\n`);
}

async function commit() {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const git = (...args) => run('git', ['-C', folder, ...args]).then(({ stdout }) => stdout.trim());
  try {
    return (await git('rev-parse', '--short', 'HEAD')) + ((await git('status', '--porcelain', ':/protocol')) === '' ? '' : ' with changes');
  } catch {
    return 'unknown';
  }
}

/** What one engine read that another did not: then the figures compare different things. */
function disagreements(rows) {
  return rows
    .filter(({ task }) => task === 'text' || task === 'json')
    .filter((row) => engines.some((engine) => row[engine].output_bytes !== row.ours.output_bytes))
    .map(({ input, task }) => `${input}: the engines give a different ${task}`);
}

const { inputs, notes } = find_inputs({ is_quick: given.quick });
const versions = createRequire(import.meta.url)('./package.json').dependencies;
print(`Commit ${await commit()}, ${cpus().length} cores, node ${process.version}, yjs ${versions.yjs}, ywasm ${versions.ywasm}${given.quick ? ', quick' : ''}.\n`);
for (const note of notes) print(`Note: ${note}.\n`);
const rows = [];
for (const input of given['only-curves'] ? [] : inputs.filter(({ name }) => new RegExp(given.only ?? '').test(name))) {
  process.stderr.write(`measuring ${input.name}\n`);
  rows.push(...(await measure(input)));
}
const header = ['input', 'what', 'ours', 'yjs', 'ywasm', 'yjs/ours', 'ywasm/ours'];
if (rows.length > 0) print_table('Medians', header, table_rows(rows, 'median'));
// On a machine that does other things too, the quickest run tells more about the engine than the middle one.
if (given.minimum && rows.length > 0) print_table('Quickest runs', header, table_rows(rows.filter(({ task }) => task !== 'memory'), 'min'));
for (const line of disagreements(rows)) print(`WARNING: ${line}\n`);

const curves = given['no-curves'] ? [] : await run_curves({ engine_bench, worker, effort, is_quick: given.quick });
if (curves.length > 0) {
  const cells = (p) => [p.curve, p.series, ...[p.size, p.ours, p.growth, p.yjs, p.ywasm].map(three_digits)];
  print_table('Curves', ['curve', 'series', 'size', 'ours, ms', 'growth', 'yjs, ms', 'ywasm, ms'], curves.map(cells));
}
if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify({ node: process.version, effort, rounds, rows, curves }, null, 1)}\n`);
if (given.results !== undefined) replace_figures(given.results, printed.join('\n'));
