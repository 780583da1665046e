// Versions of a document: a client that keeps deleted contents (gc: false) reads an earlier version from a snapshot. It can
// only if the server has kept them, too (documents.rules).
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { until } from './support/wait.mjs';

const folder = temporary_folder();
const file = path.join(folder, 'node.yaml');
writeFileSync(file, 'documents:\n  rules:\n    - {name: wiki/plain, gc: true}\n    - {name: "wiki/*", gc: false}\n');

/** Writes a version of a document, then another; resolves to the snapshot between them when the server has both. */
async function write_versions(use, document, gc) {
  const author = await use.client(document, { doc: new Y.Doc({ gc }) }).synced();
  const watcher = await use.client(document).synced();
  author.text.insert(0, 'first version');
  author.doc.getMap('map').set('title', 'First');
  const snapshot = Y.encodeSnapshot(Y.snapshot(author.doc));
  author.text.delete(0, 5);
  author.text.insert(0, 'second');
  author.doc.getMap('map').set('title', 'Second');
  await until(() => watcher.text.toString() === 'second version' && watcher.doc.getMap('map').get('title') === 'Second', 'the server has both');
  for (const one of [author, watcher]) one.vanish();
  return snapshot;
}

/** The document as it was, for a client that has loaded it from the server. */
async function restored(use, document, snapshot) {
  const reader = await use.client(document, { doc: new Y.Doc({ gc: false }) }).synced();
  assert.equal(reader.text.toString(), 'second version');
  const then = Y.createDocFromSnapshot(reader.doc, Y.decodeSnapshot(snapshot));
  return { text: then.getText('text').toString(), title: then.getMap('map').get('title') };
}

/** Waits until the server has unloaded all documents, so that the next client loads one from storage. */
const unloaded = (use) => until(async () => (await ask_admin(use.server, '/api/v1/documents?open=true')).json.count === 0, 'all documents are unloaded', 8000);

for (const gc of [false, true])
  test(`a version comes out whole where a rule keeps deleted contents, its author having gc: ${gc}`, async (context) => {
    const use = await own_server(context, { 'document.idle_grace': '0s' }, { file });
    const snapshot = await write_versions(use, 'wiki/page', gc);
    assert.deepEqual(await restored(use, 'wiki/page', snapshot), { text: 'first version', title: 'First' });
  });

test('a version comes out whole from a document that was unloaded', async (context) => {
  const use = await own_server(context, { 'document.idle_grace': '0s' }, { file });
  const snapshot = await write_versions(use, 'wiki/page', false);
  await unloaded(use);
  assert.deepEqual(await restored(use, 'wiki/page', snapshot), { text: 'first version', title: 'First' });
});

test('other documents drop what was deleted; the first rule that matches counts', async (context) => {
  const use = await own_server(context, {}, { file });
  for (const document of ['else', 'wiki/plain']) {
    const snapshot = await write_versions(use, document, false);
    assert.notEqual((await restored(use, document, snapshot)).text, 'first version');
  }
});
