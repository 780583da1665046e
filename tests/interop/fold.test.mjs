// A document that nobody edits folds: its clients stay and notice nothing, newcomers and late clients are answered from the
// encoded state, and the first edit decodes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { converged, random_edit, random_source } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { ask_admin } from './support/http.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { pause, until } from './support/wait.mjs';

const is_folded = async (use, name) => (await ask_admin(use.server, '/api/v1/documents?open=true')).json.documents.find((one) => one.name === name)?.folded;
/** Ticks come every three seconds. */
const folded = (use, name) => until(() => is_folded(use, name), `${name} is folded`, 10_000);

test('a quiet document folds under its clients, serves a newcomer and a late client, and takes the next edit', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { 'document.fold_after': '100ms', ...with_metrics(port) });
  const [author, reader, late] = await Promise.all(['a', 'a', 'a'].map((name) => use.client(name).synced()));
  const random = random_source(12);
  for (let i = 0; i < 200; ++i) random_edit(author.doc, random);
  await converged([author, reader, late]);
  const early = new Y.Doc();
  Y.applyUpdate(early, Y.encodeStateAsUpdate(author.doc));
  late.disconnect();
  for (let i = 0; i < 50; ++i) random_edit(late.doc, random); // it was never there to send these
  for (let i = 0; i < 50; ++i) random_edit(author.doc, random);
  await converged([author, reader]);
  reader.awareness.setLocalState({ name: 'reader' });

  await folded(use, 'a');
  assert.equal(await metric(port, 'troupe_folded_documents'), 1);
  const unfolds = await metric(port, 'troupe_unfolds_total');
  const newcomer = await use.client('a').synced();
  await converged([author, reader, newcomer]);
  // Who is present is told as ever, and a state vector that lacks some is answered.
  await until(() => newcomer.awareness.getStates().get(reader.doc.clientID)?.name === 'reader', 'the newcomer sees the reader');
  const behind = await use.client('a', { doc: early }).synced();
  await converged([author, behind]);
  const json = await use.json('/a');
  await json.join();
  assert.equal(json.text(), author.text.toString());
  await pause(100); // their answers have come, and say nothing new
  assert.equal(await is_folded(use, 'a'), true);
  assert.equal(await metric(port, 'troupe_unfolds_total'), unfolds);

  reader.text.insert(0, 'the first edit behind it: ');
  await converged([author, reader, newcomer, behind]);
  assert.ok(author.text.toString().includes('the first edit behind it: '));
  assert.equal(await metric(port, 'troupe_unfolds_total'), unfolds + 1);

  await folded(use, 'a');
  late.connect();
  await converged([author, reader, newcomer, behind, late]);
  assert.ok((await metric(port, 'troupe_unfolds_total')) >= unfolds + 2, 'what the late client brought was an edit');
  for (const client of [author, reader, newcomer, behind, late]) assert.deepEqual(client.closes, []);
});

test('a document that its last client leaves folds at once, and is there for the next', async (context) => {
  const use = await own_server(context, { 'document.fold_after': '1h' });
  const author = await use.client('b').synced();
  author.text.insert(0, 'kept '.repeat(2000));
  const reader = await use.client('b').synced();
  await converged([author, reader]);
  assert.equal(await is_folded(use, 'b'), false);
  author.destroy();
  reader.destroy();
  await folded(use, 'b');
  const next = await use.client('b').synced();
  assert.equal(next.text.length, 10_000);
  assert.equal(await is_folded(use, 'b'), true);
  next.text.insert(0, '!');
  const other = await use.client('b').synced();
  await converged([next, other]);
  assert.equal(await is_folded(use, 'b'), false);
});

test('a large document folds, too, and decodes without a pause for others', async (context) => {
  const use = await own_server(context, { 'document.fold_after': '100ms' });
  const [author, reader] = [await use.client('c').synced(), await use.client('c').synced()];
  const random = random_source(5);
  author.doc.transact(() => {
    for (let i = 0; i < 3000; ++i) author.text.insert(Math.floor(random() * (author.text.length + 1)), `some words, number ${i} `);
  });
  await converged([author, reader]);
  await folded(use, 'c');
  const newcomer = await use.client('c').synced();
  await converged([author, newcomer]);
  assert.equal(await is_folded(use, 'c'), true);
  author.text.insert(100, 'x');
  reader.text.insert(200, 'y');
  await converged([author, reader, newcomer]);
});
