// Documents a second of `troupe import` from stores that the real packages make, with every document read again and
// compared. Makes at most 100,000 documents in a folder of its own, which it removes.
//
//   node bench/moving/measure.mjs [DOCUMENTS] [TURNS]     default: 10,000 documents, three turns
//
// TROUPE_BINARY names the program (build/release/troupe); tests/interop/run.sh has installed y-leveldb, python3 makes
// the SQLite file. Prints the medians.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

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

try {
  const leveldb = path.join(folder, 'leveldb');
  const updates_folder = path.join(folder, 'updates');
  const sqlite = path.join(folder, 'db.sqlite');
  mkdirSync(updates_folder);
  const persistence = new LeveldbPersistence(leveldb);
  let bytes = 0;
  for (let i = 0; i < count; ++i) {
    const updates = updates_of(i);
    for (const update of updates) await persistence.storeUpdate(`document-${i}`, update);
    const state = Y.mergeUpdates(updates);
    bytes += state.length;
    writeFileSync(path.join(updates_folder, `document-${i}.bin`), state);
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

  const sources = [['y-leveldb', leveldb], ['hocuspocus-sqlite', sqlite], ['updates', updates_folder]];
  const seconds = new Map(sources.map(([kind]) => [kind, []]));
  for (let turn = 0; turn < turns; ++turn) {
    for (const [kind, from] of sources) {
      const store = path.join(folder, `store-${kind}-${turn}`);
      const start = process.hrtime.bigint();
      const run = spawnSync(binary, ['import', '--from', kind, from, '--store', store, '--json'], { maxBuffer: 1 << 26 });
      seconds.get(kind).push(Number(process.hrtime.bigint() - start) / 1e9);
      if (run.status !== 0 || JSON.parse(run.stdout).imported !== count) throw new Error(`${kind}: ${run.stdout}${run.stderr}`);
      rmSync(store, { recursive: true });
    }
  }
  console.log(`${count} documents, ${(bytes / count).toFixed(0)} bytes each, ${updates_each + 1} updates each in y-leveldb; ${cpus()[0].model}, ${turns} turns\n`);
  console.log('| source | seconds | documents a second |\n|---|---|---|');
  for (const [kind, all] of seconds) {
    const median = [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
    console.log(`| ${kind} | ${median.toFixed(2)} | ${Math.round(count / median)} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
