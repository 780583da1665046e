// Runs the scenarios against every server, in turns: a fresh process for each measurement, the order of the
// servers reversed in every other repetition, so that a slow moment of the machine meets all of them alike. A
// figure is the median of the repetitions. run.sh builds and installs what this needs.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { wait_until_quiet } from './quiet.mjs';
import { as_page, as_text } from './results.mjs';
import { scenarios } from './scenarios.mjs';
import { on_cores, servers_of, start } from './servers.mjs';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const { values: given } = parseArgs({
  options: {
    troupe: { type: 'string', multiple: true, default: [join(root, 'build/release/troupe')] },
    load: { type: 'string', default: join(root, 'build/release/load') },
    relay: { type: 'string', default: join(root, 'build/release/relay') },
    cores: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    dialect: { type: 'string', default: 'y-websocket' },
    only: { type: 'string' },
    servers: { type: 'string' },
    repetitions: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
    label: { type: 'string' },
    json: { type: 'string' },
    results: { type: 'string' },
  },
});

/** A wish for some of `names`, or all of them. */
function chosen(names, wish, what) {
  if (wish === undefined) return names;
  const wanted = wish.split(';').flatMap((each) => (names.includes(each) ? [each] : each.split(','))).map((each) => each.trim());
  for (const each of wanted) if (!names.includes(each)) throw new Error(`there is no ${what} "${each}"; there are: ${names.join('; ')}`);
  return names.filter((each) => wanted.includes(each));
}

const builds = given.troupe.map((each) => (each.includes('=') ? each.split('=', 2) : ['troupe', each]));
const all_servers = servers_of({ builds, relay: given.relay, settings: given.set, dialect: given.dialect });
const server_names = chosen(all_servers.map(({ name }) => name), given.servers, 'server');
const servers = all_servers.filter(({ name }) => server_names.includes(name));
const names = given.tables ? [] : chosen(Object.keys(scenarios), given.only, 'scenario');
const repetitions = given.quick ? 1 : Number(given.repetitions);
const [server_cores, generator_cores] = given.cores?.split('/') ?? [];
const seconds = given.quick ? Math.min(1.5, Number(given.seconds)) : Number(given.seconds);
for (const path of [given.load, ...builds.map(([, path]) => path)]) if (!existsSync(path)) throw new Error(`there is no ${path}; bench/compare/run.sh builds it`);

/** The figures of one measurement; what went wrong is in `failures`. */
async function measure(scenario, server) {
  await wait_until_quiet();
  let running;
  try {
    running = await start(server, scenario, server_cores);
    const args = [scenario.mode, ...scenario.args, '--address', running.address, '--server-pid', running.pid, '--protocol', server.protocol, '--json'];
    if (scenario.is_timed) args.push('--seconds', scenario.seconds ?? seconds);
    if (scenario.mode === 'fanout' && server.kind !== 'floor') args.push('--check-state');
    // The generator ends with 1 if something was lost, and says what in its report.
    const generator = on_cores(generator_cores, { program: given.load, args: args.map(String) });
    const { stdout } = await run(generator.program, generator.args, { timeout: 240_000 }).catch((error) => {
      if (typeof error.stdout === 'string' && error.stdout.startsWith('{')) return error;
      throw error;
    });
    return JSON.parse(stdout);
  } catch (error) {
    return { failures: [error.stderr || error.message] };
  } finally {
    await running?.stop();
  }
}

function summary(runs) {
  const good = runs.filter(({ failures }) => failures.length === 0);
  const figures = {};
  for (const [key, value] of Object.entries(good[0] ?? {})) {
    if (typeof value !== 'number') continue;
    const sorted = good.map((each) => each[key] ?? 0).sort((a, b) => a - b);
    const half = sorted.length / 2;
    figures[key] = { median: (sorted[Math.floor(half)] + sorted[Math.ceil(half) - 1]) / 2, min: sorted[0], max: sorted.at(-1) };
  }
  return { runs: runs.length, figures, failures: [...new Set(runs.flatMap(({ failures }) => failures))] };
}

async function measure_all(name) {
  const scenario = scenarios[name];
  const speakers = servers.filter(({ protocol }) => scenario.only_in === undefined || protocol === scenario.only_in);
  const taking_part = speakers.filter(({ kind, holds_state }) => (holds_state ? scenario.state !== undefined : !(scenario.only_with_state && kind === 'floor')));
  const runs = new Map(taking_part.map((server) => [server, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const order = repetition % 2 === 0 ? taking_part : taking_part.toReversed();
    for (const server of order) {
      process.stderr.write(`${name}, ${repetition + 1} of ${repetitions}: ${server.name}\n`);
      const figures = await measure(scenario, server);
      for (const failure of figures.failures) process.stderr.write(`  ${failure}\n`);
      runs.get(server).push(figures);
    }
  }
  return { repetitions, seconds, servers: [...runs].map(([{ name, kind }, of]) => ({ name, kind, ...summary(of) })) };
}

async function about_this_run() {
  const git = (...args) => run('git', ['-C', root, ...args]).then(({ stdout }) => stdout.trim(), () => 'unknown');
  const version = (path) => JSON.parse(readFileSync(join(here, path, 'package.json'))).version;
  return {
    date: new Date().toISOString().slice(0, 10),
    label: given.label ?? `commit ${await git('rev-parse', '--short', 'HEAD')}${(await git('status', '--porcelain')) === '' ? '' : ' with changes'}`,
    cores: cpus().length,
    node: process.version,
    peers: { '@y/websocket-server': version('y-websocket/node_modules/@y/websocket-server'), '@hocuspocus/server': version('hocuspocus/node_modules/@hocuspocus/server') },
  };
}

const about = await about_this_run();
const kept = (given.keep || given.tables) && given.json !== undefined && existsSync(given.json) ? JSON.parse(readFileSync(given.json)).scenarios : {};
const measured = { ...kept };
for (const name of names) {
  if (!servers.some(({ protocol }) => (scenarios[name].only_in ?? protocol) === protocol)) continue;
  if (scenarios[name].lacks?.()) {
    process.stderr.write(`${name} is left out: the data folder (TROUPE_DATA) lacks what it reads\n`);
    continue;
  }
  measured[name] = { about, ...(await measure_all(name)) };
  console.log(as_text(name, measured[name]));
}
// In the order in which they are declared, whenever they were measured.
const ordered = Object.fromEntries(Object.keys(scenarios).filter((name) => measured[name] !== undefined).map((name) => [name, measured[name]]));
if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify({ scenarios: ordered }, null, 1)}\n`);
if (given.results !== undefined) as_page(given.results, ordered);
const failed = names.some((name) => measured[name]?.servers.some(({ kind, failures }) => kind === 'ours' && failures.length > 0));
process.exitCode = failed ? 1 : 0;
