// `troupe import` from what other servers write: Hocuspocus itself with its extension Database, to files as its
// extension S3 names them and to a table of PostgreSQL, and y-sweet's files. What a real client then reads from a
// server on the store is byte for byte the state that the old server had.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';
import * as Y from 'yjs';

import { hocuspocus_client } from './support/hocuspocus_client.mjs';
import { documents, fresh, read_back, report_of, state_of, troupe } from './support/moving.mjs';
import { can_run_postgres, run_postgres } from './support/postgres.mjs';

/** A Hocuspocus server takes all documents from real providers, and stores them by `store`. */
async function fill_hocuspocus(context, made, store) {
  const server = new Server({
    port: 0, address: '127.0.0.1', quiet: true, debounce: 50, stopOnSignals: false,
    extensions: [new Database({ fetch: async () => null, store })],
  });
  await server.listen();
  const url = `ws://127.0.0.1:${server.address.port}`;
  const clients = [];
  context.after(() => clients.forEach((each) => each.destroy()));
  for (const [name, { doc }] of made) {
    const client = await new hocuspocus_client(url, name).synced();
    clients.push(client);
    Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(doc));
    await client.saved();
  }
  for (const client of clients) client.destroy();
  await server.destroy();
}

const expected_of = (made) => [...made].map(([name, { updates }]) => [name, state_of(updates)]);

test('what Hocuspocus keeps on S3 moves in from a copy in a folder', async (context) => {
  const made = documents();
  made.set('100%25+', made.get('a'));
  const dump = fresh('bucket');
  // Source: @hocuspocus/extension-s3 4.5.0, which hands `state` as it is to the object `${prefix}${documentName}.bin`.
  await fill_hocuspocus(context, made, async ({ documentName, state }) => {
    const file = path.join(dump, `${documentName}.bin`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, state);
  });
  const store = fresh('store');
  const report = report_of(0, 'import', '--from', 'hocuspocus-s3-dump', dump, '--store', store);
  assert.deepEqual([report.imported, report.problems_in_total], [made.size, 0]);
  await read_back(context, store, expected_of(made));
});

test('a table of PostgreSQL that Hocuspocus filled moves in', { skip: !can_run_postgres && 'no PostgreSQL server is installed' }, async (context) => {
  const { url, pool } = await run_postgres(context);
  await pool.query('CREATE TABLE documents (name varchar(255) PRIMARY KEY, data bytea NOT NULL)');
  const made = documents();
  await fill_hocuspocus(context, made, ({ documentName, state }) =>
    pool.query('INSERT INTO documents VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET data = $2', [documentName, state]));
  const store = fresh('store');
  const from = ['import', '--from', 'postgres-bytea', url, 'documents', '--store', store];
  assert.equal(report_of(0, ...from).imported, made.size);
  assert.equal(report_of(0, ...from).unchanged, made.size);
  await read_back(context, store, expected_of(made));
});

test('a table of y-redis moves in, with its updates of format v2', { skip: !can_run_postgres && 'no PostgreSQL server is installed' }, async (context) => {
  const { url, pool } = await run_postgres(context);
  // Source: yjs/y-redis src/storage/postgres.js, table and columns; a room has one document, named index.
  await pool.query('CREATE TABLE yredis_docs_v1 (room text, doc text, r serial, update bytea, sv bytea, PRIMARY KEY (room, doc, r))');
  const made = documents();
  for (const [name, { updates }] of made)
    for (const some of [updates.slice(0, 2), updates]) {
      const doc = new Y.Doc();
      for (const update of some) Y.applyUpdate(doc, update);
      await pool.query('INSERT INTO yredis_docs_v1 (room, doc, update, sv) VALUES ($1, $2, $3, $4)', [name, 'index', Buffer.from(Y.encodeStateAsUpdateV2(doc)), Buffer.from(Y.encodeStateVector(doc))]);
    }
  const store = fresh('store');
  const report = report_of(0, 'import', '--from', 'postgres-bytea', url, 'yredis_docs_v1', '--name-column', 'room', '--data-column', 'update', '--store', store);
  assert.deepEqual([report.imported, report.problems_in_total], [made.size, 0]);
  await read_back(context, store, expected_of(made));
});

test('a table with a row for each update moves in, and damage is told', { skip: !can_run_postgres && 'no PostgreSQL server is installed' }, async (context) => {
  const { url, pool } = await run_postgres(context);
  await pool.query('CREATE SCHEMA "App"; CREATE TABLE "App".updates (id serial, "doc name" text, value bytea)');
  const made = documents();
  const insert = (name, value) => pool.query('INSERT INTO "App".updates ("doc name", value) VALUES ($1, $2)', [name, value]);
  for (let i = 0; i < 130; ++i)
    for (const [name, { updates }] of made) if (updates[i]) await insert(name, Buffer.from(updates[i]));
  const store = fresh('store');
  const import_from = (table, ...more) => ['import', '--from', 'postgres-bytea', url, table, '--store', store, ...more];
  const columns = ['--name-column', 'doc name', '--data-column', 'value'];
  assert.equal(report_of(0, ...import_from('App.updates', ...columns)).imported, made.size);
  await read_back(context, store, expected_of(made));

  await insert(null, Buffer.from([0, 0]));
  await insert('', Buffer.from([0, 0]));
  await insert('a', null);
  await insert('torn', Buffer.from([1, 2, 3]));
  const report = report_of(1, ...import_from('App.updates', ...columns));
  const of = (name) => report.problems.filter((each) => each.document === name).map((each) => each.what).join('; ');
  assert.equal(report.unchanged, made.size);
  assert.equal(of(''), 'a row has no name; a row has no name');
  assert.equal(of('a'), 'a row has no update');
  assert.match(of('torn'), /not an update.*nothing of it can be read/);

  for (const [table, args, what] of [
    ['updates', columns, /relation "updates" does not exist/],
    ['App.updates', [], /column "name" does not exist/],
    ['App.updates', ['--name-column', 'doc name', '--data-column', 'doc name'], /not of type bytea/],
    ['App.updates"; DROP TABLE "App".updates; --', columns, /does not exist/],
  ]) {
    const run = troupe(...import_from(table, ...args));
    assert.equal(run.status, 2, table);
    assert.match(run.err, what);
  }
  const wrong = troupe('import', '--from', 'postgres-bytea', url.replace('//', '//nobody:secret@').replace('nobody:secret@postgres@', 'nobody:secret@'), 'x', '--store', store);
  assert.equal(wrong.status, 2);
  assert.doesNotMatch(wrong.err, /secret/);
  assert.equal((await pool.query('SELECT count(*) FROM "App".updates')).rows[0].count, String([...made.values()].reduce((sum, { updates }) => sum + updates.length, 0) + 4));
});

test('files of y-sweet move in, and a torn one is told', async (context) => {
  const golden = fileURLToPath(new URL('../golden/y-sweet', import.meta.url));
  const names = readdirSync(path.join(golden, 'store'));
  const expected = names.map((name) => [name, state_of([readFileSync(path.join(golden, `${name}.v1.bin`))])]);
  const store = fresh('store');
  const from = fresh('y-sweet');
  cpSync(path.join(golden, 'store'), from, { recursive: true });
  assert.equal(report_of(0, 'import', '--from', 'y-sweet', from, '--store', store).imported, names.length);
  await read_back(context, store, expected);

  truncateSync(path.join(from, 'served/data.ysweet'), 100);
  mkdirSync(path.join(from, 'new'));
  writeFileSync(path.join(from, 'new/data.ysweet'), Buffer.alloc(8));
  mkdirSync(path.join(from, 'nothing'));
  writeFileSync(path.join(from, 'notes.txt'), 'x');
  const report = report_of(1, 'import', '--from', 'y-sweet', from, '--store', store);
  assert.deepEqual([report.unchanged, report.empty], [names.length - 1, 1]);
  assert.match(report.problems.find(({ document }) => document === 'served').what, /data\.ysweet: truncated/);
  assert.deepEqual(report.problems.filter(({ document }) => document === '').map(({ what }) => what).sort(), ["'notes.txt': no folder with a file data.ysweet", "'nothing': no folder with a file data.ysweet"]);
});
