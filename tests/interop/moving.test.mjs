// `troupe import` and `troupe export` as people run them: on stores that y-leveldb itself has made, on a SQLite file
// with the schema of Hocuspocus's extension, and on folders of updates. What a real client then reads from a server
// on the store is byte for byte what yjs makes of the old one.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { LeveldbPersistence } from 'y-leveldb';
import * as Y from 'yjs';

import { own_server } from './support/fixture.mjs';
import { documents, fresh, read_back, report_of, state_of, troupe } from './support/moving.mjs';
import { binary_path, refused_start } from './support/server.mjs';

const has_python = spawnSync('python3', ['-c', 'import sqlite3']).status === 0;

async function leveldb_store(made, { flush = [] } = {}) {
  const directory = fresh('leveldb');
  const persistence = new LeveldbPersistence(directory);
  for (const [name, { updates }] of made) for (const update of updates) await persistence.storeUpdate(name, update);
  for (const name of flush) await persistence.flushDocument(name);
  await persistence.setMeta('a', 'owner', 'someone');
  await persistence.destroy();
  return directory;
}

function sqlite_store(rows) {
  const file = fresh('db.sqlite');
  const program = `
import json, sqlite3, sys
made = sqlite3.connect(sys.argv[1])
made.execute('CREATE TABLE "documents" ("name" varchar(255) NOT NULL, "data" blob NOT NULL, UNIQUE(name))')
for name, data in json.load(sys.stdin):
    made.execute('INSERT INTO documents VALUES (?, ?)', (name, data if data is None or data.startswith('text:') else bytes.fromhex(data)))
made.commit()`;
  const input = JSON.stringify(rows.map(([name, data]) => [name, typeof data === 'string' ? data : data.toString('hex')]));
  const run = spawnSync('python3', ['-c', program, file], { input });
  assert.equal(run.status, 0, run.stderr?.toString());
  return file;
}

const files_in = (directory) => readdirSync(directory).sort().map((name) => [name, statSync(path.join(directory, name)).size]);

test('a y-leveldb store moves in, and stays as it was', async (context) => {
  const made = documents();
  const directory = await leveldb_store(made, { flush: ['wiki/page 1'] });
  const before = files_in(directory);
  const store = fresh('store');
  const dry = report_of(0, 'import', '--from', 'y-leveldb', directory, '--store', store, '--dry-run');
  assert.equal(dry.imported, made.size);
  assert.ok(!existsSync(store), 'a dry run writes nothing');
  const first = report_of(0, 'import', '--from', 'y-leveldb', directory, '--store', store);
  assert.deepEqual([first.documents, first.imported, first.problems_in_total], [made.size, made.size, 0]);
  const again = report_of(0, 'import', '--from', 'y-leveldb', directory, '--store', store);
  assert.deepEqual([again.imported, again.unchanged], [0, made.size]);
  assert.deepEqual(files_in(directory), before);
  await read_back(context, store, [...made].map(([name, { updates }]) => [name, state_of(updates)]));
  // y-leveldb still opens it, with all that was there.
  const persistence = new LeveldbPersistence(directory);
  assert.deepEqual((await persistence.getAllDocNames()).sort(), [...made.keys()].sort());
  await persistence.destroy();
});

test('a y-leveldb store of many documents, tables included, moves in', async (context) => {
  const made = new Map();
  for (let i = 0; i < 400; ++i) {
    const doc = new Y.Doc();
    doc.clientID = i + 1;
    doc.getText('text').insert(0, `${i} `.repeat(3000));
    made.set(`document-${i}`, { updates: [Y.encodeStateAsUpdate(doc)] });
  }
  const directory = await leveldb_store(made);
  assert.ok(readdirSync(directory).some((name) => name.endsWith('.ldb')), 'there are tables');
  const store = fresh('store');
  assert.equal(report_of(0, 'import', '--from', 'y-leveldb', directory, '--store', store).imported, 400);
  await read_back(context, store, ['document-0', 'document-399'].map((name) => [name, state_of(made.get(name).updates)]));
});

test('what a killed import leaves in the folder for temporary files goes with the next one', async () => {
  const page = documents().get('a');
  const made = new Map(Array.from({ length: 3000 }, (_, i) => [`document-${i}`, page]));
  const directory = await leveldb_store(made);
  const TMPDIR = fresh('tmp');
  mkdirSync(TMPDIR);
  const run = ['import', '--from', 'y-leveldb', directory, '--store', fresh('store')];
  const child = spawn(binary_path(), run, { stdio: 'ignore', env: { ...process.env, TMPDIR } });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal)));
  const deadline = Date.now() + 20_000;
  while (readdirSync(TMPDIR).length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill('SIGKILL');
  assert.equal(await ended, 'SIGKILL', 'it was killed on its way');
  assert.equal(readdirSync(TMPDIR).length, 1);
  const again = spawnSync(binary_path(), run, { env: { ...process.env, TMPDIR } });
  assert.equal(again.status, 0, again.stderr.toString());
  assert.deepEqual(readdirSync(TMPDIR), []);
});

test('damage in a y-leveldb store is told, and the rest moves in', async (context) => {
  const made = documents();
  const directory = fresh('leveldb');
  const persistence = new LeveldbPersistence(directory);
  for (const [name, { updates }] of made) for (const update of updates) await persistence.storeUpdate(name, update);
  await persistence._transact(async (db) => {
    await db.del(['v1', 'wiki/page 1', 'update', 60]);
    await db.put(['v1', 'bad', 'update', 0], Buffer.from('no update'));
    await db.put(['v1_sv', 'lost'], Buffer.from([0, 0]));
    await db.put(['v2', 'foreign'], Buffer.from('x'));
  });
  await persistence.destroy();
  const store = fresh('store');
  const report = report_of(1, 'import', '--from', 'y-leveldb', directory, '--store', store);
  const of = (name) => report.problems.filter((each) => each.document === name).map((each) => each.what).join('; ');
  assert.match(of('wiki/page 1'), /updates 60 to 60 are missing/);
  assert.deepEqual(report.waiting, ['wiki/page 1']);
  assert.match(of('bad'), /not an update.*nothing of it can be read/);
  assert.match(of('lost'), /all of its updates are missing/);
  assert.match(of(''), /not of y-leveldb/);
  assert.equal(report.imported, made.size);
  await read_back(context, store, [['a', state_of(made.get('a').updates)], ['two authors', state_of(made.get('two authors').updates)]]);
});

test('a y-leveldb store that is open, and a directory that is none, are refused', async () => {
  const directory = fresh('leveldb');
  const persistence = new LeveldbPersistence(directory);
  await persistence.storeUpdate('a', new Uint8Array([0, 0]));
  const open = troupe('import', '--from', 'y-leveldb', directory, '--store', fresh('store'));
  assert.equal(open.status, 2);
  assert.match(open.err, /store_in_use/);
  await persistence.destroy();
  // A torn journal is what a crash leaves; a garbled list of tables is none.
  const manifest = readdirSync(directory).find((name) => name.startsWith('MANIFEST'));
  writeFileSync(path.join(directory, manifest), 'garbage');
  const broken = troupe('import', '--from', 'y-leveldb', directory, '--store', fresh('store'));
  assert.equal(broken.status, 2);
  assert.match(broken.err, /cannot be opened/);
});

for (const [what, rounds] of [['young', 1], ['with tables', 60]])
  test(`a y-leveldb store, ${what}, that is named as the store is left as it is, to the byte`, async (context) => {
    const made = documents();
    for (let i = 0; i < rounds * 10; ++i) {
      const doc = new Y.Doc();
      const updates = [];
      doc.on('update', (update) => updates.push(update));
      for (let n = 0; n < 20; ++n) doc.getText('text').insert(0, Math.random().toString(36).repeat(rounds === 1 ? 1 : 40));
      made.set(`filler ${i}`, { updates });
    }
    const directory = await leveldb_store(made);
    assert.equal(readdirSync(directory).some((name) => name.endsWith('.ldb')), rounds > 1);
    const bytes_in = () => readdirSync(directory).sort().map((name) => [name, readFileSync(path.join(directory, name)).toString('latin1')]);
    const before = bytes_in();
    const elsewhere = fresh('elsewhere');
    for (const args of [
      ['import', '--from', 'y-leveldb', directory, '--store', directory],
      ['import', '--from', 'y-leveldb', directory, '--store', directory, '--dry-run'],
      ['export', '--to', 'updates', '--store', directory, elsewhere],
      ['storage', 'verify', directory],
      ['storage', 'stats', directory],
      ['storage', 'backup', directory, elsewhere],
      ['storage', 'repair', directory, '--to', elsewhere],
    ]) {
      const run = troupe(...args);
      // What cannot be opened is a finding to `verify`.
      assert.equal(run.status, args[1] === 'verify' ? 1 : 2, `${args}: ${run.out}${run.err}`);
      assert.match(run.out + run.err, /it is a store of LevelDB, which is left as it is;.*troupe import --from y-leveldb/, `${args}`);
      assert.ok(!existsSync(elsewhere));
    }
    const refused = await refused_start({ 'storage.engine': 'rocksdb', 'storage.path': directory });
    assert.match(refused.stderr, /it is a store of LevelDB, which is left as it is;.*troupe import --from y-leveldb/);
    assert.deepEqual(bytes_in(), before);
    assert.equal(report_of(0, 'import', '--from', 'y-leveldb', directory, '--store', fresh('store')).imported, made.size);
  });

test('a flipped byte in a table of LevelDB is told', async () => {
  const made = new Map();
  for (let i = 0; i < 300; ++i) {
    const doc = new Y.Doc();
    doc.clientID = i + 1;
    doc.getText('text').insert(0, Array.from({ length: 5000 }, (_, k) => String.fromCharCode(33 + ((k * (i + 7) * 31) % 90))).join(''));
    made.set(`document-${i}`, { updates: [Y.encodeStateAsUpdate(doc)] });
  }
  const directory = await leveldb_store(made);
  const again = new LeveldbPersistence(directory); // the journal becomes a table
  await again.getAllDocNames();
  await again.destroy();
  const table = path.join(directory, readdirSync(directory).find((name) => name.endsWith('.ldb')));
  const bytes = readFileSync(table);
  bytes[Math.floor(bytes.length / 3)] ^= 0x55;
  writeFileSync(table, bytes);
  const report = report_of(1, 'import', '--from', 'y-leveldb', directory, '--store', fresh('store'));
  assert.ok(report.imported > 200 && report.imported < 300, String(report.imported));
  assert.ok(report.problems.some((each) => /cannot be read/.test(each.what)), JSON.stringify(report.problems.slice(0, 5)));
  assert.ok(report.problems.some((each) => each.document.startsWith('document-')), 'what is lost is named');
});

test('a SQLite file of Hocuspocus moves in', { skip: !has_python && 'python3 has no sqlite3' }, async (context) => {
  const made = documents();
  const expected = [...made].map(([name, { updates }]) => [name, state_of(updates)]);
  const file = sqlite_store(expected);
  const before = readFileSync(file);
  const store = fresh('store');
  assert.equal(report_of(0, 'import', '--from', 'hocuspocus-sqlite', file, '--store', store).imported, made.size);
  assert.equal(report_of(0, 'import', '--from', 'hocuspocus-sqlite', file, '--store', store).unchanged, made.size);
  assert.deepEqual(readFileSync(file), before);
  await read_back(context, store, expected);
});

test('damage in a SQLite file is told, and the rest moves in', { skip: !has_python && 'python3 has no sqlite3' }, () => {
  const good = state_of(documents().get('a').updates);
  const rows = Array.from({ length: 300 }, (_, i) => [`document-${i}`, good]);
  rows.push(['torn', good.subarray(0, good.length - 3)], ['words', 'text: no blob'], ['empty', Buffer.alloc(0)]);
  const file = sqlite_store(rows);
  const report = report_of(1, 'import', '--from', 'hocuspocus-sqlite', file, '--store', fresh('store'));
  assert.equal(report.imported, 300);
  assert.deepEqual([...new Set(report.problems.map((each) => each.document))].sort(), ['empty', 'torn', 'words']);

  const bytes = readFileSync(file);
  const page = 4096;
  const at = bytes.indexOf('document-150') - (bytes.indexOf('document-150') % page);
  bytes.fill(0xff, at, at + page);
  writeFileSync(file, bytes);
  const damaged = report_of(1, 'import', '--from', 'hocuspocus-sqlite', file, '--store', fresh('store'));
  assert.ok(damaged.imported > 100 && damaged.imported < 300, String(damaged.imported));
  assert.ok(damaged.problems.some((each) => /cannot be read/.test(each.what)));

  writeFileSync(file, 'no database at all, whatever its name says');
  assert.equal(troupe('import', '--from', 'hocuspocus-sqlite', file, '--store', fresh('store')).status, 2);
});

test('an export that is imported again gives the same states', async (context) => {
  const made = documents();
  const store = fresh('store');
  const first = await own_server(context, { 'storage.engine': 'rocksdb', 'storage.path': store });
  for (const [name, { doc }] of made) {
    const writer = await first.client(encodeURIComponent(name)).synced();
    Y.applyUpdate(writer.doc, Y.encodeStateAsUpdate(doc));
    const reader = await first.client(encodeURIComponent(name)).synced();
    assert.equal(reader.doc.store.clients.size > 0, true);
  }
  await first.server.stop();
  const out = fresh('updates');
  assert.equal(report_of(0, 'export', '--to', 'updates', out, '--store', store).written, made.size);
  assert.equal(report_of(0, 'export', '--to', 'updates', out, '--store', store).unchanged, made.size);
  for (const [name, { updates }] of made) {
    const file = path.join(out, ...[`${encodeURIComponent(name)}.bin`]);
    if (existsSync(file)) assert.deepEqual(state_of([readFileSync(file)]), state_of(updates), name);
  }
  const copy = fresh('store');
  assert.equal(report_of(0, 'import', '--from', 'updates', out, '--store', copy).imported, made.size);
  await read_back(context, copy, [...made].map(([name, { updates }]) => [name, state_of(updates)]));
});

test('an import that was killed goes on where it was', async () => {
  const source = fresh('updates');
  mkdirSync(source);
  const count = 4000;
  for (let i = 0; i < count; ++i) {
    const doc = new Y.Doc();
    doc.clientID = i + 1;
    doc.getText('text').insert(0, `${i} `.repeat(20));
    writeFileSync(path.join(source, `d${i}.bin`), Y.encodeStateAsUpdate(doc));
  }
  const store = fresh('store');
  const child = spawn(binary_path(), ['import', '--from', 'updates', source, '--store', store], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal)));
  const journal_size = () => {
    try {
      return readdirSync(store).filter((name) => name.endsWith('.log')).reduce((sum, name) => sum + statSync(path.join(store, name)).size, 0);
    } catch {
      return 0;
    }
  };
  const deadline = Date.now() + 20_000;
  while (journal_size() < 60_000 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill('SIGKILL');
  assert.equal(await ended, 'SIGKILL', 'it was killed on its way');
  const rest = report_of(0, 'import', '--from', 'updates', source, '--store', store);
  assert.equal(rest.imported + rest.unchanged, count);
  assert.ok(rest.unchanged > 0 && rest.imported > 0, `${rest.unchanged} were there, ${rest.imported} came`);
  assert.equal(report_of(0, 'import', '--from', 'updates', source, '--store', store).unchanged, count);
  assert.equal(troupe('storage', 'verify', store).status, 0);
});

test('a store that a server has open is refused, and documents that are there are refused where asked', async (context) => {
  const store = fresh('store');
  const { server, client } = await own_server(context, { 'storage.engine': 'rocksdb', 'storage.path': store });
  const writer = await client('a').synced();
  writer.text.insert(0, 'of the store');
  await client('a').synced();
  const source = fresh('updates');
  mkdirSync(source);
  writeFileSync(path.join(source, 'a.bin'), state_of(documents().get('a').updates));
  const open = troupe('import', '--from', 'updates', source, '--store', store);
  assert.equal(open.status, 2);
  assert.match(open.err, /store_in_use/);
  await server.stop();
  const refused = report_of(1, 'import', '--from', 'updates', source, '--store', store, '--existing', 'refuse');
  assert.deepEqual([refused.merged, refused.problems[0].document], [0, 'a']);
  assert.equal(report_of(0, 'import', '--from', 'updates', source, '--store', store).merged, 1);
  appendFileSync(path.join(source, 'a.bin'), 'garbage behind it');
  assert.match(report_of(1, 'import', '--from', 'updates', source, '--store', store).problems[0].what, /not an update/);
});
