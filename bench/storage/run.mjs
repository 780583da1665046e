// Runs the scenarios: their cases take turns, in reversed order every other time, and a figure is the median of the
// repetitions. Programs and servers end with the run, and so does what they wrote. run.sh builds and installs.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { about_run, checked, figures_of, measure } from './measure.mjs';
import { as_page, as_text } from './results.mjs';
import { scenarios } from './scenarios.mjs';
import { servers_of, start_on } from './servers.mjs';

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
    place: { type: 'string' },
  },
});

const names = given.only === undefined ? Object.keys(scenarios) : given.only.split(',');
for (const name of names) if (!scenarios[name]) throw new Error(`there is no scenario "${name}"; there are: ${Object.keys(scenarios).join(', ')}`);
for (const path of [given.troupe, given.load, given.store]) if (!existsSync(path)) throw new Error(`there is no ${path}; bench/storage/run.sh builds it`);

mkdirSync(given.directory, { recursive: true });
const work = mkdtempSync(join(given.directory, 'run-'));
chmodSync(work, 0o755); // a database runs as another user where this is root
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
let made = 0;
const new_path = () => join(work, String(++made));

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

const peers = ['y-websocket/node_modules/@y/websocket-server', 'y-websocket/node_modules/y-leveldb', 'hocuspocus/node_modules/@hocuspocus/server', 'hocuspocus/node_modules/@hocuspocus/extension-sqlite', 'hocuspocus-database/node_modules/@hocuspocus/extension-database', 'hocuspocus-database/node_modules/pg'];
const earlier = given.tables ? JSON.parse(readFileSync(given.json)) : undefined;
const about = earlier?.about ?? (await about_run(root, given.label, given['without-peers'] ? [] : peers.map((path) => join(here, path))));
const measured = {};
for (const name of names) {
  measured[name] = earlier ? checked(scenarios[name], earlier.scenarios[name]) : await measure(name, scenarios[name], tools, given.quick ? 1 : given.repetitions);
  console.log(as_text(name, measured[name]));
}
if (given.json !== undefined && !given.tables) writeFileSync(given.json, `${JSON.stringify({ about, scenarios: measured }, null, 1)}\n`);
if (given.results !== undefined) as_page(given.results, about, measured, given.place);
process.exitCode = Object.values(measured).some(({ failures }) => failures.length > 0) ? 1 : 0;
