// Runs the scenarios: their cases take turns, in reversed order every other time, and a figure is the median of the
// repetitions. Programs and servers end with the run, and so does what they wrote. run.sh builds and installs.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { as_page, as_text } from './results.mjs';
import { scenarios } from './scenarios.mjs';
import { servers_of, start_on } from './servers.mjs';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const { values: given } = parseArgs({
  options: {
    troupe: { type: 'string', default: join(root, 'build/release/troupe') },
    load: { type: 'string', default: join(root, 'build/release/load') },
    store: { type: 'string', default: join(root, 'build/release/store_bench') },
    directory: { type: 'string', default: join(root, 'build/bench-storage') },
    only: { type: 'string' },
    repetitions: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    'without-peers': { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
    label: { type: 'string' },
    json: { type: 'string' },
    results: { type: 'string' },
  },
});
const program_max_ms = 600_000;

const names = given.only === undefined ? Object.keys(scenarios) : given.only.split(',');
for (const name of names) if (!scenarios[name]) throw new Error(`there is no scenario "${name}"; there are: ${Object.keys(scenarios).join(', ')}`);
for (const path of [given.troupe, given.load, given.store]) if (!existsSync(path)) throw new Error(`there is no ${path}; bench/storage/run.sh builds it`);

mkdirSync(given.directory, { recursive: true });
const work = mkdtempSync(join(given.directory, 'run-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
let made = 0;
const new_path = () => join(work, String(++made));

/** The figures of a program that prints one object; fails with what it says is wrong. */
async function figures_of(program, args) {
  const { stdout, stderr } = await run(program, args.map(String), { timeout: program_max_ms }).catch((error) => error);
  const figures = stdout?.startsWith('{') ? JSON.parse(stdout) : { failures: [stderr || `${program} ended without a word`] };
  if (figures.failures.length > 0) throw new Error(figures.failures.join('; '));
  return figures;
}

const servers = servers_of(given.troupe);
const tools = {
  is_quick: given.quick,
  seconds: given.quick ? 1 : Number(given.seconds),
  servers: { ...servers, peers: given['without-peers'] ? [] : servers.peers },
  directory: () => {
    const path = new_path();
    mkdirSync(path);
    return path;
  },
  remove: (path) => rmSync(path, { recursive: true, force: true }),
  size_mb: (path) => readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0) / 1e6,
  start: start_on,
  load: (running, server, mode, ...args) => figures_of(given.load, [mode, ...args, '--address', running.address, '--server-pid', running.pid, '--protocol', server.protocol, '--json']),
  store: (task, ...args) => {
    const at = args.indexOf('--path');
    const [path, rest] = at < 0 ? [new_path(), args] : [args[at + 1], args.toSpliced(at, 2)];
    return figures_of(given.store, [task, path, ...rest, '--json']);
  },
};

/** Median of each figure, and how far it went. */
function summary(runs) {
  const figures = {};
  const ranges = {};
  for (const [key, value] of Object.entries(runs[0] ?? {})) {
    if (typeof value !== 'number') continue;
    const sorted = runs.map((each) => each[key] ?? 0).sort((a, b) => a - b);
    const half = sorted.length / 2;
    figures[key] = (sorted[Math.floor(half)] + sorted[Math.ceil(half) - 1]) / 2;
    ranges[key] = [sorted[0], sorted.at(-1)];
  }
  return { figures, ranges };
}

/** Seconds for which all cores together computed, whoever asked them to. */
const busy_s = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1e3;

async function measure(name) {
  const scenario = scenarios[name];
  const cases = scenario.cases(tools);
  const repetitions = given.quick ? 1 : Number(given.repetitions ?? scenario.repetitions ?? 3);
  const runs = new Map(cases.map(([title]) => [title, []]));
  const failures = [];
  const begun = { at: performance.now(), busy: busy_s() };
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const [title, once] of repetition % 2 === 0 ? cases : cases.toReversed()) {
      process.stderr.write(`${name}, ${repetition + 1} of ${repetitions}: ${title}\n`);
      try {
        runs.get(title).push(await once());
      } catch (error) {
        failures.push(`${title}: ${error.message}`);
        process.stderr.write(`  ${error.message}\n`);
      }
    }
  const seconds = (performance.now() - begun.at) / 1e3;
  const rows = [...runs].map(([title, of]) => ({ title, ...summary(of) }));
  return checked(scenario, { repetitions, seconds, load: (busy_s() - begun.busy) / seconds, rows, notes: scenario.skips?.() ?? [], failures });
}

/** With what the figures must show; nothing of it if some of them are missing. */
function checked(scenario, measured) {
  const by_title = Object.fromEntries(measured.rows.map(({ title, figures }) => [title, figures]));
  const checks = measured.failures.length > 0 ? [] : (scenario.checks?.(by_title) ?? []);
  return { ...measured, what: scenario.what, columns: scenario.columns, checks };
}

async function about_this_run() {
  const git = (...args) => run('git', ['-C', root, ...args]).then(({ stdout }) => stdout.trim(), () => 'unknown');
  const version = (path) => JSON.parse(readFileSync(join(here, path, 'package.json'))).version;
  const peers = ['y-websocket/node_modules/@y/websocket-server', 'y-websocket/node_modules/y-leveldb', 'hocuspocus/node_modules/@hocuspocus/server', 'hocuspocus/node_modules/@hocuspocus/extension-sqlite'];
  return {
    date: new Date().toISOString().slice(0, 10),
    label: given.label ?? `commit ${await git('rev-parse', '--short', 'HEAD')}${(await git('status', '--porcelain', '--untracked-files=no')) === '' ? '' : ' with changes'}`,
    cores: cpus().length,
    node: process.version,
    peers: given['without-peers'] ? [] : peers.map((path) => `${path.replace(/.*node_modules\//, '')} ${version(path)}`),
  };
}

const earlier = given.tables ? JSON.parse(readFileSync(given.json)) : undefined;
const about = earlier?.about ?? (await about_this_run());
const measured = {};
for (const name of names) {
  measured[name] = earlier ? checked(scenarios[name], earlier.scenarios[name]) : await measure(name);
  console.log(as_text(name, measured[name]));
}
if (given.json !== undefined && !given.tables) writeFileSync(given.json, `${JSON.stringify({ about, scenarios: measured }, null, 1)}\n`);
if (given.results !== undefined) as_page(given.results, about, measured);
process.exitCode = Object.values(measured).some(({ failures }) => failures.length > 0) ? 1 : 0;
