// What a document does not take: contents that would break its other clients, names and values beyond their limits, and
// more than it has room for. Whoever sends such a thing is told so once, for good; nobody else notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { converged } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { hex, sync_step1, update_frame } from './support/frames.mjs';
import { ask_admin } from './support/http.mjs';
import { base64 } from './support/json_client.mjs';
import { closed, free_port, metric, with_metrics } from './support/metrics.mjs';
import { pause, until } from './support/wait.mjs';

const skip = process.env.TROUPE_SKIP_SLOW === '1' && 'TROUPE_SKIP_SLOW=1';
const unusable = { code: 4422, reason: 'Update has contents that Yjs clients cannot use' };
const long_name = { code: 4431, reason: 'Update has a name that is too long' };
const deep = { code: 4432, reason: 'Update has a value that is nested too deep' };
const full = { code: 4433, reason: 'Document is full' };

/** Waits until the server has closed a client, and checks that it was once and that the client does not come back. */
async function closed_for_good(client, how) {
  await until(() => client.closes.length > 0, 'the client is closed');
  await pause(800); // its first retry would come after 0.2 s
  assert.deepEqual(client.closes, [how]);
}

/** `levels` arrays, each in the one before. */
const nested = (levels) => Array.from({ length: levels - 1 }).reduce((inner) => [inner], []);

/** An update of client 1: a subdocument in the root "t" whose options are the given bytes. */
const subdocument = (options) => Buffer.concat([hex('01 01 01 00 09 01 01 74 01 67'), hex(options), hex('00')]);

/** The update of a document that `edit` changes. */
function update_by(edit) {
  const doc = new Y.Doc();
  edit(doc);
  return Y.encodeStateAsUpdate(doc);
}

test('a subdocument whose options no client can read is refused for good, and newcomers get the whole document', async (context) => {
  const port = await free_port();
  const use = await own_server(context, with_metrics(port));
  const bystander = await use.client('a').synced();
  bystander.text.insert(0, 'text');
  for (const options of ['7e', '7f', '7d05', '7500', '7601 04 67756964 7e']) {
    const attacker = await use.raw('/a').open();
    attacker.send(sync_step1());
    attacker.send(update_frame(subdocument(options)));
    assert.deepEqual(await attacker.close_reason(), unusable);
  }
  const json = await use.json('/a');
  await json.join();
  const { message } = await json.refused({ type: 'update', payload: { update: base64(subdocument('7e')) } }, 'INVALID_UPDATE');
  assert.match(message, /options of a subdocument/);
  const newcomer = await use.client('a').synced();
  await converged([bystander, newcomer]);
  assert.equal(newcomer.text.toString(), 'text');
  assert.deepEqual(bystander.closes, []);
  assert.equal(await closed(port, 'unusable_content'), 5);
  const with_options = await use.raw('/a').open();
  with_options.send(update_frame(subdocument('7600')));
  await until(() => newcomer.doc.getMap('t')._start, 'one with options arrives');
});

test('names above limits.max_name_size are refused for good, with the limit; shorter ones are not', async (context) => {
  const use = await own_server(context, { 'limits.max_name_size': '2KiB' });
  const [reader, author] = [await use.client('a').synced(), await use.client('a').synced()];
  const [longest, longer] = ['n'.repeat(2048), 'n'.repeat(2049)];
  author.doc.getMap('map').set(longest, 1);
  author.doc.getText(longest).insert(0, 'root');
  await until(() => reader.doc.getMap('map').get(longest) === 1 && reader.doc.getText(longest).length === 4, 'names of that size arrive');
  const json = await use.json('/a');
  await json.join();
  for (const edit of [(doc) => doc.getText(longer).insert(0, 'x'), (doc) => doc.getMap('m').set(longer, 1), (doc) => doc.getText('t').insert(0, 'x', { [longer]: true }), (doc) => doc.getXmlFragment('x').insert(0, [new Y.XmlElement(longer)])]) {
    const { message } = await json.refused({ type: 'update', payload: { update: base64(update_by(edit)) } }, 'INVALID_UPDATE');
    assert.match(message, /limits\.max_name_size is 2048 bytes/);
  }
  author.doc.getMap('map').set(longer, 2);
  await closed_for_good(author, long_name);
  assert.equal(reader.doc.getMap('map').has(longer), false);
  assert.deepEqual(reader.closes, []);
});

test('values deeper than limits.max_nesting are refused for good, with the limit', async (context) => {
  const use = await own_server(context, { 'limits.max_nesting': 50 });
  const [reader, author] = [await use.client('a').synced(), await use.client('a').synced()];
  author.doc.getMap('map').set('deep', nested(50));
  author.text.insertEmbed(0, { deep: nested(49) });
  await until(() => reader.doc.getMap('map').has('deep') && reader.text.length === 1, 'values of that depth arrive');
  const json = await use.json('/a');
  await json.join();
  for (const edit of [(doc) => doc.getArray('a').push([nested(51)]), (doc) => doc.getText('t').insertEmbed(0, nested(51)), (doc) => doc.getText('t').insert(0, 'x', { deep: nested(51) })]) {
    const { message } = await json.refused({ type: 'update', payload: { update: base64(update_by(edit)) } }, 'INVALID_UPDATE');
    assert.match(message, /limits\.max_nesting is 50 levels/);
  }
  author.doc.getMap('map').set('deeper', nested(51));
  await closed_for_good(author, deep);
  assert.deepEqual(reader.closes, []);
});

test('names of 100 kB and values 1,000 deep pass with the defaults, and a newcomer gets them', async (context) => {
  const use = await own_server(context);
  const author = await use.client('a').synced();
  const name = 'n'.repeat(100_000);
  author.doc.getMap('map').set(name, nested(1000));
  author.text.insertEmbed(0, nested(1000));
  const newcomer = await use.client('a').synced();
  await converged([author, newcomer]);
  assert.ok(newcomer.doc.getMap('map').has(name));
  assert.deepEqual(author.closes, []);
});

test('a document above limits.max_document_size is read and emptied, and takes no insertion', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { 'limits.max_document_size': '100kB', ...with_metrics(port) });
  const [reader, author] = [await use.client('a').synced(), await use.client('a').synced()];
  author.text.insert(0, 'x'.repeat(90_000));
  await until(() => reader.text.length === 90_000, 'most of it arrives');
  await until(() => /is nearly full: 1 client ids of .* bytes of limits\.max_document_size 100000/.test(use.server.stderr), 'the log warns', 8000, () => use.server.stderr);
  assert.equal(await metric(port, 'troupe_nearly_full_documents'), 1);
  author.text.insert(0, 'y'.repeat(20_000));
  await closed_for_good(author, full);
  const json = await use.json('/a');
  await json.join();
  assert.equal(json.text().length, 90_000, 'the document can be read');
  const { message } = await json.refused({ type: 'update', payload: { update: base64(update_by((doc) => doc.getText('text').insert(0, 'z'.repeat(20_000)))) } }, 'DOCUMENT_FULL');
  assert.match(message, /limits\.max_document_size is 100000 bytes; contents can only be deleted/);
  const { documents } = (await ask_admin(use.server, '/api/v1/documents?open=true')).json;
  const shown = documents.find(({ name }) => name === 'a');
  assert.ok(shown.memoryBytes > 90_000 && shown.memoryBytes < 100_000, JSON.stringify(shown));
  assert.ok(shown.stateBytes > 90_000, JSON.stringify(shown));
  assert.equal(shown.clientIds, 1);
  reader.text.delete(0, 80_000);
  await until(async () => (await ask_admin(use.server, '/api/v1/documents?open=true')).json.documents[0].memoryBytes < 30_000, 'deleting makes room');
  reader.text.insert(0, 'again');
  const newcomer = await use.client('a').synced();
  await converged([reader, newcomer]);
  assert.deepEqual(reader.closes, []);
});

test('a document that has all its client ids goes on for those it knows, and refuses newcomers for good', async (context) => {
  const use = await own_server(context, { 'limits.max_client_ids': 10, 'limits.max_new_client_ids': 1 });
  const editors = await Promise.all(Array.from({ length: 10 }, () => use.client('a').synced()));
  for (const editor of editors) editor.text.insert(0, 'x');
  await until(() => editors.every((editor) => editor.text.length === 10), 'ten may edit');
  const late = await use.client('a').synced();
  assert.equal(late.text.length, 10, 'others may read');
  late.text.insert(0, 'y');
  await closed_for_good(late, full);
  editors[3].text.insert(0, 'z');
  await converged(editors);
  for (const editor of editors) assert.deepEqual(editor.closes, []);
});

test('slow: a history of 100,000 client ids comes back from its client after a restart', { skip }, async (context) => {
  const use = await own_server(context, { 'limits.max_message_size': '4MiB' });
  const count = 100_000;
  const varuint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varuint(n >>> 7)]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Uint8Array.from([...varuint(count), ...Array.from({ length: count }, (_, i) => [1, ...varuint(i + 1), 0, 0, 1]).flat(), 0]));
  const earlier = await use.client('a').synced();
  earlier.text.insert(0, 'first');
  const owner = await use.client('a', { doc }).synced();
  owner.text.insert(0, 'and ');
  await until(() => earlier.text.length === 9, 'both edit', 20_000, () => JSON.stringify(owner.closes));
  const { documents } = (await ask_admin(use.server, '/api/v1/documents?open=true')).json;
  assert.ok(documents[0].clientIds >= count, JSON.stringify(documents));
  assert.deepEqual([...owner.closes, ...earlier.closes], []);
});
