// Documents a second of `troupe import` from stores that the real packages make, or that have their form (y-sweet's, whose
// server is no package of npm, and the copy of a bucket of S3), with every document read again and compared. Makes at most 100,000 documents in a folder of its own, which it removes.
//
//   node bench/moving/measure.mjs [DOCUMENTS] [TURNS]     default: 10,000 documents, three turns
//
// TROUPE_BINARY names the program (build/release/troupe); tests/interop/run.sh has installed y-leveldb and pg, python3
// makes the SQLite file. Without a PostgreSQL server of Debian's there is no row for one. Prints the medians and the load of
// the machine.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { can_run_postgres, postgres_server } from '../../tests/interop/support/postgres_server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(path.join(root, 'tests/interop/package.json'));
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const Y = await load('yjs');
const { LeveldbPersistence } = createRequire(path.join(root, 'tests/interop/package.json'))('y-leveldb');

const binary = path.resolve(root, process.env.TROUPE_BINARY || 'build/release/troupe');
const count = Math.min(Number(process.argv[2] || 10_000), 100_000);
const turns = Math.min(Number(process.argv[3] || 3), 20);
const updates_each = 10;
const folder = mkdtempSync(path.join(tmpdir(), 'troupe-moving-'));
chmodSync(folder, 0o711); // for the user of PostgreSQL

/** A document of some sentences, as its updates. */
function updates_of(number) {
  const doc = new Y.Doc();
  doc.clientID = number + 1;
  const updates = [];
  doc.on('update', (update) => updates.push(Buffer.from(update)));
  const text = doc.getText('text');
  for (let i = 0; i < updates_each; ++i) text.insert(text.length, `Sentence ${i} of document ${number}, which somebody wrote. `);
  text.delete(5, 10);
  return updates;
}

/** A file of y-sweet: pairs of a key and a value, each behind its size. Format: app/moving/ysweet_checkpoint.hpp. */
function y_sweet_file(state) {
  const number = (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const sized = (bytes) => [number(bytes.length), bytes];
  const id = Buffer.from([0, 0, 0, 1]);
  const key = (kind) => Buffer.concat([Buffer.from([0, 1]), id, Buffer.from([kind])]);
  const entries = [
    [Buffer.from('\0\0doc\0', 'latin1'), id],
    [key(0), Buffer.from(state)],
    [key(1), Buffer.from(Y.encodeStateVectorFromUpdate(state))],
  ];
  return Buffer.concat([number(entries.length), ...entries.flatMap(([name, value]) => [...sized(name), ...sized(value)])]);
}

/** A table of documents as applications fill it from Hocuspocus: {url, stop}; null without a server. */
async function postgres_table(states) {
  if (!can_run_postgres) return null;
  const server = await new postgres_server(path.join(folder, 'postgres'), ['fsync=off']).start();
  const { default: pg } = await load('pg');
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('CREATE TABLE documents (name varchar(255) PRIMARY KEY, data bytea NOT NULL)');
  for (const [name, state] of states) await client.query('INSERT INTO documents VALUES ($1, $2)', [name, Buffer.from(state)]);
  await client.end();
  return server;
}

let postgres = null;
try {
  const leveldb = path.join(folder, 'leveldb');
  const updates_folder = path.join(folder, 'updates');
  const sqlite = path.join(folder, 'db.sqlite');
  const bucket = path.join(folder, 'bucket');
  const y_sweet = path.join(folder, 'y-sweet');
  const states = new Map();
  for (const each of [updates_folder, bucket, y_sweet]) mkdirSync(each);
  const persistence = new LeveldbPersistence(leveldb);
  let bytes = 0;
  for (let i = 0; i < count; ++i) {
    const updates = updates_of(i);
    for (const update of updates) await persistence.storeUpdate(`document-${i}`, update);
    const state = Y.mergeUpdates(updates);
    bytes += state.length;
    states.set(`document-${i}`, state);
    writeFileSync(path.join(updates_folder, `document-${i}.bin`), state);
    writeFileSync(path.join(bucket, `document-${i}.bin`), state);
    mkdirSync(path.join(y_sweet, `document-${i}`));
    writeFileSync(path.join(y_sweet, `document-${i}`, 'data.ysweet'), y_sweet_file(state));
  }
  await persistence.destroy();
  const made = spawnSync('python3', ['-c', `
import glob, os, sqlite3, sys
made = sqlite3.connect(sys.argv[2])
made.execute('CREATE TABLE "documents" ("name" varchar(255) NOT NULL, "data" blob NOT NULL, UNIQUE(name))')
for file in os.listdir(sys.argv[1]):
    made.execute('INSERT INTO documents VALUES (?, ?)', (file[:-4], open(os.path.join(sys.argv[1], file), 'rb').read()))
made.commit()`, updates_folder, sqlite], { stdio: 'inherit' });
  if (made.status !== 0) throw new Error('python3 could not make the SQLite file');

  postgres = await postgres_table(states);
  const sources = [
    ['y-leveldb', leveldb], ['hocuspocus-sqlite', sqlite], ['hocuspocus-s3-dump', bucket], ['y-sweet', y_sweet], ['updates', updates_folder],
  ];
  if (postgres) sources.push(['postgres-bytea', postgres.url, 'documents']);
  const seconds = new Map(sources.map(([kind]) => [kind, []]));
  for (let turn = 0; turn < turns; ++turn) {
    for (const [kind, ...from] of sources) {
      const store = path.join(folder, `store-${kind}-${turn}`);
      const start = process.hrtime.bigint();
      const run = spawnSync(binary, ['import', '--from', kind, ...from, '--store', store, '--json'], { maxBuffer: 1 << 26 });
      seconds.get(kind).push(Number(process.hrtime.bigint() - start) / 1e9);
      if (run.status !== 0 || JSON.parse(run.stdout).imported !== count) throw new Error(`${kind}: ${run.stdout}${run.stderr}`);
      rmSync(store, { recursive: true });
    }
  }
  console.log(`${count} documents, ${(bytes / count).toFixed(0)} bytes each, ${updates_each + 1} updates each in y-leveldb; ${cpus()[0].model}, ${turns} turns, load ${loadavg()[0].toFixed(1)}\n`);
  console.log('| source | seconds | documents a second |\n|---|---|---|');
  for (const [kind, all] of seconds) {
    const median = [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
    console.log(`| ${kind} | ${median.toFixed(2)} | ${Math.round(count / median)} |`);
  }
} finally {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}
