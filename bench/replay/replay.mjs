// Replays recorded editing sessions through a server with real y-websocket clients. README.md says how.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const repository = fileURLToPath(new URL('../..', import.meta.url));
// For the server that is started here: the clients type faster than any person.
const default_settings = { 'limits.messages_per_second': 0 };
const traces = { 'automerge-paper': 'sequential', friendsforever: 'concurrent' };
const usage = `usage: node bench/replay/replay.mjs [options]
  --url ws://HOST:PORT   a server that runs already; else $TROUPE_BINARY (build/release/troupe) is started
  --set KEY=VALUE        a setting for the server that is started; may be repeated
  --data DIR             the folder that holds traces/*.json.gz; else $TROUPE_DATA, else ../shared/data
                         relative to the repository
  --trace NAME           only this one: ${Object.keys(traces).join(', ')}
  --json                 one JSON object instead of lines`;

function parse_options() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        data: { type: 'string' },
        trace: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.trace && !traces[values.trace]) throw new Error(`there is no trace ${values.trace}`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

/** Imports what needs the packages of tests/interop, or says how to install them. */
async function load_clients() {
  try {
    const { start_server } = await import('../../tests/interop/support/server.mjs');
    const { replay_sequential } = await import('./sequential.mjs');
    const { replay_concurrent } = await import('./concurrent.mjs');
    return { start_server, replay: { sequential: replay_sequential, concurrent: replay_concurrent } };
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error(`replay: ${error.message}\nreplay: install the clients first: npm ci --prefix tests/interop`);
    process.exit(1);
  }
}

function print_row(row) {
  console.log(
    `${row.trace}: ${row.edits} edits in ${row.seconds.toFixed(2)} s, ${Math.round(row.edits_per_second)} edits/s, ` +
      `late join ${(row.late_join_seconds * 1000).toFixed(0)} ms; all texts ${row.agree ? 'equal' : 'DIFFER FROM'} ` +
      row.compared_with,
  );
  if (row.connections_lost > 0) console.log(`${row.trace}: ${row.connections_lost} connections were lost on the way`);
}

async function main() {
  const options = parse_options();
  if (options.help) return console.log(usage);
  const data = path.resolve(options.data ?? process.env.TROUPE_DATA ?? path.join(repository, '../shared/data'));
  const wanted = Object.keys(traces).filter((name) => !options.trace || options.trace === name);
  const file_of = (name) => path.join(data, 'traces', `${name}.json.gz`);
  const missing = wanted.filter((name) => !existsSync(file_of(name)));
  if (missing.length === wanted.length) {
    const why = `no ${missing.join(' and no ')} (.json.gz) in the traces folder of --data or $TROUPE_DATA`;
    console.log(options.json ? JSON.stringify({ skipped: why, rows: [] }) : `skipped: ${why}`);
    return;
  }
  const { load_trace } = await import('./traces.mjs');
  const { start_server, replay } = await load_clients();
  const given = options.set.map((one) => [one.split('=')[0], one.slice(one.indexOf('=') + 1)]);
  const settings = { ...default_settings, ...Object.fromEntries(given) };
  const server = options.url ? undefined : await start_server(settings);
  const rows = [];
  try {
    for (const name of wanted.filter((one) => !missing.includes(one))) {
      const row = await replay[traces[name]](options.url ?? server.url, name, load_trace(file_of(name)));
      row.edits_per_second = row.edits / row.seconds;
      rows.push(row);
      if (!options.json) print_row(row);
    }
  } finally {
    await server?.stop();
  }
  if (options.json) console.log(JSON.stringify({ rows }, null, 1));
  if (!rows.every((row) => row.agree)) process.exitCode = 1;
}

await main();
