// Versions of documents through the admin pages: made, listed, read, compared, removed; a restore is seen live by
// connected clients, outlives a restart, and loses nothing that others write meanwhile. The server makes some by itself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { converged } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { until } from './support/wait.mjs';

const json = { 'Content-Type': 'application/json' };

/** Asks for a page below the versions of a document; the status must be the wanted one. */
async function ask(server, document, rest = '', { method = 'GET', body = undefined, status = 200 } = {}) {
  const page = `/api/v1/documents/${encodeURIComponent(document)}/versions${rest}`;
  const options = method === 'GET' ? {} : { method, headers: json, body: body && JSON.stringify(body) };
  const answer = await ask_admin(server, page, options);
  assert.equal(answer.status, status, `${method} ${page}: ${answer.body}`);
  return answer.json;
}
const make = (server, document, label) => ask(server, document, '', { method: 'POST', body: { label }, status: 201 });
const restore = (server, document, id) => ask(server, document, `/${id}/restore`, { method: 'POST' });

/** The bytes of a version, as a document of yjs. */
async function version_doc(server, document, id) {
  const url = `http://127.0.0.1:${server.admin_port}/api/v1/documents/${encodeURIComponent(document)}/versions/${id}?as=update`;
  const answer = await fetch(url, { headers: server.admin_token ? { Authorization: `Bearer ${server.admin_token}` } : {} });
  assert.equal(answer.status, 200);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, new Uint8Array(await answer.arrayBuffer()));
  return doc;
}

/** A document with every kind of content. */
function fill(doc) {
  doc.transact(() => {
    const text = doc.getText('text');
    text.insert(0, 'Hello 😀 world');
    text.format(0, 5, { bold: true });
    text.insertEmbed(6, { image: 1 });
    doc.getMap('map').set('title', 'first');
    doc.getMap('map').set('nested', new Y.Map([['deep', [1, 2]]]));
    doc.getArray('list').push([1, 'two', new Y.Text('three'), new Uint8Array([4])]);
    const p = new Y.XmlElement('p');
    p.setAttribute('class', 'c');
    p.insert(0, [new Y.XmlText('in xml')]);
    doc.getXmlFragment('xml').insert(0, [p]);
    doc.getMap('map').set('sub', new Y.Doc({ guid: 'a-subdocument' }));
  });
}

const shown = (doc) => ({
  text: doc.getText('text').toDelta(),
  map: JSON.stringify(doc.getMap('map').toJSON().nested),
  title: doc.getMap('map').get('title'),
  sub: doc.getMap('map').get('sub')?.guid,
  list: JSON.stringify(doc.getArray('list').toJSON()),
  xml: doc.getXmlFragment('xml').toString(),
});

function wreck(doc) {
  doc.transact(() => {
    doc.getText('text').delete(0, 9);
    doc.getText('text').insert(2, 'something else', { italic: true });
    doc.getMap('map').set('title', 'second');
    doc.getMap('map').delete('nested');
    doc.getMap('map').delete('sub');
    doc.getMap('map').set('new', 1);
    doc.getArray('list').delete(0, 4);
    doc.getXmlFragment('xml').delete(0, 1);
    doc.getXmlFragment('xml').insert(0, [new Y.XmlElement('h1')]);
  });
}

test('a restore brings all contents back, live, for connected clients, and the history survives a restart', async (context) => {
  const folder = temporary_folder();
  const where = { 'storage.engine': 'rocksdb', 'storage.path': path.join(folder, 'data') };
  const first = await own_server(context, where);
  const [author, reader] = [await first.client('a/b').synced(), await first.client('a/b').synced()];
  fill(author.doc);
  await converged([author, reader]);
  const wanted = shown(author.doc);
  const made = await make(first.server, 'a/b', 'before the talk');
  assert.equal(made.id, 1);
  assert.equal(made.label, 'before the talk');
  assert.equal(made.automatic, false);
  assert.ok(made.storedBytes > 0 && Date.parse(made.createdAt) > 0);

  wreck(reader.doc);
  await converged([author, reader]);
  assert.notDeepEqual(shown(author.doc), wanted);
  const updates = [];
  reader.doc.on('update', (update) => updates.push(update));
  assert.deepEqual(await restore(first.server, 'a/b', 1), { changed: true, name: 'a/b', restored: 1 });
  await until(() => updates.length > 0, 'the restore, live');
  await converged([author, reader]);
  assert.deepEqual(shown(reader.doc), wanted);
  assert.deepEqual(shown(author.doc), wanted);
  assert.equal(updates.length, 1, 'one edit');
  assert.equal((await restore(first.server, 'a/b', 1)).changed, false);

  author.text.insert(0, 'on it goes: ');
  await converged([author, reader]);
  await make(first.server, 'a/b', '');
  await first.server.stop();
  author.destroy();
  reader.destroy();

  const second = await own_server(context, where);
  const { versions } = await ask(second.server, 'a/b');
  assert.deepEqual(versions.map(({ id, label }) => [id, label]), [[1, 'before the talk'], [2, '']]);
  const late = await second.client('a/b').synced();
  assert.ok(late.text.toString().startsWith('on it goes: Hello'));
  assert.deepEqual(shown(await version_doc(second.server, 'a/b', 1)), wanted);
  await restore(second.server, 'a/b', 1);
  await until(() => !late.text.toString().startsWith('on'), 'the restore');
  assert.deepEqual(shown(late.doc), wanted);
});

test('what others write while a version is restored is there, and a cursor stays where it was', async (context) => {
  const { server, client } = await own_server(context);
  const [author, away] = [await client('doc').synced(), await client('doc').synced()];
  author.text.insert(0, 'one two three');
  await converged([author, away]);
  await make(server, 'doc', 'x');
  author.text.delete(4, 4);
  await converged([author, away]);
  const cursor = Y.createRelativePositionFromTypeIndex(author.text, 6); // in "three"
  away.provider.disconnect();
  away.text.insert(away.text.length, ' four');
  await restore(server, 'doc', 1);
  await until(() => author.text.toString() === 'one two three', 'the restore');
  assert.equal(Y.createAbsolutePositionFromRelativePosition(cursor, author.doc).index, 10);
  away.provider.connect();
  await until(() => author.text.toString() === 'one two three four', 'what was written meanwhile');
  await converged([author, away]);
});

test('a document that nobody has open is restored, and its versions are listed in pages, compared and removed', async (context) => {
  const { server, client } = await own_server(context, { 'document.idle_grace': '0s' });
  const author = await client('doc').synced();
  for (const [i, word] of ['one', 'two', 'three'].entries()) {
    author.doc.getMap('map').set('n', i);
    author.text.insert(author.text.length, `${word} `);
    const witness = await client('doc').synced();
    await converged([author, witness]);
    witness.destroy();
    await make(server, 'doc', word);
  }
  author.destroy();
  const page = await ask(server, 'doc', '?limit=2');
  assert.deepEqual(page.versions.map(({ id }) => id), [1, 2]);
  assert.equal(page.next, 2);
  assert.deepEqual((await ask(server, 'doc', '?after=2')).versions.map(({ id }) => id), [3]);
  assert.equal((await ask(server, 'doc', '/2')).label, 'two');
  assert.deepEqual(await ask(server, 'doc', '/2?as=json'), { map: { n: 1 }, text: 'one two ' });

  const compared = await ask(server, 'doc', '/1/compare?with=3');
  assert.deepEqual([compared.from, compared.to], [1, 3]);
  assert.deepEqual(compared.roots.text, { kind: 'text', delta: [{ retain: 4 }, { insert: 'two three ' }] });
  assert.deepEqual(compared.roots.map, { kind: 'map', keys: { n: { old: 0, new: 2 } } });
  await restore(server, 'doc', 1);
  const now = await ask(server, 'doc', '/1/compare');
  assert.deepEqual([now.to, now.roots, now.unchanged], ['now', {}, ['map', 'text']]);
  const reader = await client('doc').synced();
  assert.equal(reader.text.toString(), 'one ');

  await ask(server, 'doc', '/2', { method: 'DELETE' });
  await ask(server, 'doc', '/2', { method: 'DELETE', status: 404 });
  await ask(server, 'doc', '/2', { status: 404 });
  assert.deepEqual((await ask(server, 'doc')).versions.map(({ id }) => id), [1, 3]);
});

test('mistakes are answered with what is wrong', async (context) => {
  const { server, client } = await own_server(context);
  assert.match((await ask(server, 'nothing', '', { status: 404 })).error, /no document/);
  await ask(server, 'nothing', '', { method: 'POST', body: {}, status: 404 });
  const author = await client('doc').synced();
  author.text.insert(0, 'x');
  const witness = await client('doc').synced();
  await converged([author, witness]);
  await make(server, 'doc', 'x');
  for (const [rest, method, body, status, text] of [
    ['/9', 'GET', undefined, 404, /no version 9/],
    ['/x', 'GET', undefined, 400, /number/],
    ['/0', 'GET', undefined, 400, /number/],
    ['/1?as=text', 'GET', undefined, 400, /update or json/],
    ['/1/compare?with=then', 'GET', undefined, 400, /now or the id/],
    ['/1/compare?with=7', 'GET', undefined, 404, /no version 7/],
    ['/9/restore', 'POST', undefined, 404, /no version 9/],
    ['?after=x', 'GET', undefined, 400, /after/],
    ['', 'POST', { label: 1 }, 400, /label must be a string/],
    ['', 'POST', { label: 'é'.repeat(101) }, 400, /202 bytes, the most is 200/],
  ]) {
    assert.match((await ask(server, 'doc', rest, { method, body, status })).error, text);
  }
  // What changes something cannot be asked by a page of the web.
  const posted = await ask_admin(server, '/api/v1/documents/doc/versions/1/restore', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'x' });
  assert.equal(posted.status, 415);
});

test('the server keeps versions by itself, some time after an edit', async (context) => {
  const { server, client } = await own_server(context, { 'versions.interval': '1s', 'versions.max_per_document': 2 });
  const author = await client('doc').synced();
  const list = async () => {
    const answer = await ask_admin(server, '/api/v1/documents/doc/versions');
    return answer.status === 200 ? answer.json.versions : [];
  };
  for (let round = 1; round <= 3; ++round) {
    author.text.insert(0, `${round} `);
    await until(async () => (await list()).at(-1)?.id === round, `version ${round}`, 10000);
  }
  const versions = await list();
  assert.deepEqual(versions.map(({ id, automatic }) => [id, automatic]), [[2, true], [3, true]], 'the oldest went');
  assert.deepEqual(await ask(server, 'doc', '/3?as=json'), { text: '3 2 1 ' });
});

test('a version names the users and the programs that have edited since the one before', async (context) => {
  const { server, client } = await own_server(context);
  const ada = await client('plan', { params: { userId: 'ada' } }).synced();
  ada.text.insert(0, 'from a person');
  const page = '/api/v1/documents/plan';
  await until(async () => (await ask_admin(server, `${page}?as=json`)).body.includes('from a person'), 'what she writes is there');
  const edits = [{ op: 'set', path: '/map/by', value: 'a program' }];
  const edited = await ask_admin(server, page, { method: 'PATCH', headers: json, body: JSON.stringify({ edits, origin: 'nightly import' }) });
  assert.equal(edited.status, 200, edited.body);
  const first = await make(server, 'plan', 'first');
  assert.deepEqual([first.authors, first.origins], [['ada'], ['nightly import']]);
  const second = await make(server, 'plan', 'second');
  assert.deepEqual([second.authors, second.origins], [[], []]);
  const { versions } = await ask(server, 'plan');
  assert.deepEqual(versions.map(({ origins }) => origins), [['nightly import'], []]);
});
