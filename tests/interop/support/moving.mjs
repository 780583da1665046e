// What the tests of `troupe import` share: documents, and a look into the store that they went to.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import * as Y from 'yjs';

import { own_server } from './fixture.mjs';
import { temporary_folder } from './folder.mjs';
import { binary_path } from './server.mjs';

const folder = temporary_folder();
let places = 0;
/** A path in a folder of this process, which goes at its end. */
export const fresh = (name) => path.join(folder, `${++places}-${name}`);

/** Runs the program. */
export function troupe(...args) {
  const run = spawnSync(binary_path(), args, { timeout: 60_000 });
  assert.equal(run.error, undefined);
  return { status: run.status, out: run.stdout.toString(), err: run.stderr.toString() };
}

/** Runs an import or an export whose report is JSON, and checks its exit code. */
export function report_of(status, ...args) {
  const run = troupe(...args, '--json');
  assert.equal(run.status, status, run.out + run.err);
  return JSON.parse(run.out);
}

/** Documents with the kinds of contents that people have, and the updates that made them. */
export function documents() {
  const made = new Map();
  const author = (name, edit) => {
    const doc = new Y.Doc();
    doc.clientID = 1000 + made.size;
    const updates = [];
    doc.on('update', (update) => updates.push(update));
    edit(doc);
    made.set(name, { doc, updates });
  };
  author('a', (doc) => doc.getText('text').insert(0, 'hello 🌍'));
  author('wiki/page 1', (doc) => {
    const text = doc.getText('text');
    for (let i = 0; i < 120; ++i) text.insert(i, String(i % 10));
    text.delete(10, 50);
    text.format(0, 5, { bold: true });
  });
  author('ä'.repeat(100), (doc) => {
    doc.getMap('map').set('key', { nested: [1, 2.5, null] });
    doc.getMap('map').set('key', new Y.Array());
    doc.getXmlFragment('xml').insert(0, [new Y.XmlElement('p')]);
  });
  author('two authors', (doc) => {
    const other = new Y.Doc();
    other.clientID = 77;
    other.getText('text').insert(0, 'other');
    doc.getText('text').insert(0, 'mine');
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
    doc.getText('text').delete(2, 3);
  });
  return made;
}

/** The state that yjs makes of updates. */
export const state_of = (updates) => {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return Buffer.from(Y.encodeStateAsUpdate(doc));
};

/** Reads all documents from a server on the store, with a real client each. */
export async function read_back(context, store, expected) {
  const { server, client } = await own_server(context, { 'storage.engine': 'rocksdb', 'storage.path': store });
  for (const [name, state] of expected) {
    const reader = await client(encodeURIComponent(name)).synced();
    assert.deepEqual(Buffer.from(Y.encodeStateAsUpdate(reader.doc)), state, name);
  }
  await server.stop();
}
