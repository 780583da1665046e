// What operators do with documents while clients edit them: export, import, copy, remove, list, back up.
import assert from 'node:assert/strict';
import { readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { assert_same_state, converged, random_source } from './support/documents.mjs';
import { own_server, use_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { base64, use_json } from './support/json_client.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();
const json = use_json(use);
const as_json = { 'Content-Type': 'application/json' };
const as_bytes = { 'Content-Type': 'application/octet-stream' };

/** What operators ask a server: each resolves to its answer, and fails unless that has the status. */
function operator(server) {
  const at = (document, what = '') => `/api/v1/documents/${encodeURIComponent(document)}${what}`;
  const ask = async (target, options, status) => {
    const answer = await ask_admin(server, target, options);
    assert.equal(answer.status, status, `${options.method ?? 'GET'} ${target}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer;
  };
  const post = (target, body, status) =>
    ask(target, { method: 'POST', headers: as_json, body: body === undefined ? undefined : JSON.stringify(body) }, status);
  return {
    get: async (target, status = 200) => (await ask(target, {}, status)).json,
    info: async (document, status = 200) => (await ask(at(document), {}, status)).json,
    exported: (document, query = '', status = 200) => ask(at(document, `/export${query}`), {}, status),
    imported: async (document, bytes, query = '', status = 200) =>
      (await ask(at(document, `/import${query}`), { method: 'POST', headers: as_bytes, body: Buffer.from(bytes) }, status)).json,
    imported_json: async (document, bytes, status = 200) => (await post(at(document, '/import'), { update: base64(bytes) }, status)).json,
    copied: async (document, to, status = 200) => (await post(at(document, '/copy'), { to }, status)).json,
    removed: async (document, status = 200) => (await ask(at(document), { method: 'DELETE' }, status)).json,
    admitted: async (document, status = 200) => (await post(at(document, '/admit'), undefined, status)).json,
    backup: async (directory, status = 200) => (await post('/api/v1/backup', { directory }, status)).json,
  };
}

/** A document with some of everything. */
function sample(text = 'hello') {
  const doc = new Y.Doc();
  doc.getText('text').insert(0, text);
  doc.getText('text').format(0, 2, { bold: true });
  doc.getText('text').delete(1, 1);
  doc.getMap('map').set('list', [1, { two: 2 }]);
  doc.getArray('array').push(['a', new Y.Map([['b', 1]])]);
  const paragraph = new Y.XmlElement('p');
  doc.getXmlFragment('xml').insert(0, [paragraph]);
  paragraph.insert(0, [new Y.XmlText('some <text>')]);
  return doc;
}

const state = (doc) => Y.encodeStateAsUpdate(doc);

function loaded(bytes) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  return doc;
}

const is_open = async (admin, document) => (await admin.info(document)).open;

test('an export holds what encodeStateAsUpdate of a client does, open or stored', async (context) => {
  const own = await own_server(context, { 'document.idle_grace': '0s' });
  const admin = operator(own.server);
  const author = await own.client('team/notes').synced();
  Y.applyUpdate(author.doc, state(sample()));
  const witness = await own.client('team/notes').synced();
  await converged([author, witness]);
  const live = await admin.exported('team/notes');
  assert.equal(live.headers['content-type'], 'application/octet-stream');
  assert_same_state(loaded(live.bytes), author.doc);
  const forms = ['?as=json', '?as=text&root=text', '?as=xml&root=xml', '?as=json&root=map'];
  const shown = await Promise.all(forms.map(async (form) => (await admin.exported('team/notes', form)).body));
  assert.deepEqual(JSON.parse(shown[0]).map, author.doc.getMap('map').toJSON());
  assert.equal(shown[1], author.text.toString());
  assert.equal(shown[2], author.doc.getXmlFragment('xml').toString());
  assert.deepEqual(JSON.parse(shown[3]), author.doc.getMap('map').toJSON());
  author.destroy();
  witness.destroy();
  await until(async () => !(await is_open(admin, 'team/notes')), 'the document is unloaded');
  const stored = await admin.exported('team/notes');
  assert.deepEqual(stored.bytes, live.bytes);
  for (const [i, form] of forms.entries()) assert.equal((await admin.exported('team/notes', form)).body, shown[i], form);
  assert.ok(!(await is_open(admin, 'team/notes')), 'an export opens nothing');
});

test('an import is seen live by yjs clients and JSON sessions, and by those who come later', async () => {
  const admin = operator(use.server);
  const document = use.document();
  const client = await use.client(document).synced();
  client.text.insert(0, 'mine ');
  const session = await json(`/${document}`);
  await session.join();
  const doc = sample();
  assert.equal((await admin.imported(document, state(doc))).outcome, 'changed');
  await until(() => client.doc.getMap('map').has('list'), 'the import is seen');
  assert.deepEqual(client.doc.getArray('array').toJSON(), doc.getArray('array').toJSON());
  await until(() => session.messages.some(({ type, payload }) => type === 'update' && payload.update), 'the session is told');
  assert.equal((await admin.imported_json(document, state(doc))).outcome, 'known');
  const late = await use.client(document).synced();
  await converged([client, late]);
  assert.equal((await admin.info(document)).sessions, 3);
});

test('an import makes a document that nobody has opened, once if it shall be new', async () => {
  const admin = operator(use.server);
  const document = use.document();
  const doc = sample();
  assert.equal((await admin.imported(document, state(doc), '?new=true')).outcome, 'changed');
  await admin.imported(document, state(sample('other')), '?new=true', 409);
  const client = await use.client(document).synced();
  assert_same_state(client.doc, doc);
});

test('an import that is no update is refused with what is wrong, and nobody notices', async () => {
  const admin = operator(use.server);
  const document = use.document();
  const client = await use.client(document).synced();
  client.text.insert(0, 'here');
  assert.match((await admin.imported(document, [1, 2, 3], '', 422)).error, /refused: .*at byte/);
  assert.match((await admin.imported(document, [], '', 400)).error, /empty/);
  const whole = state(sample());
  await admin.imported(document, whole.slice(0, whole.length - 3), '', 422);
  const other = await use.client(document).synced();
  await converged([client, other]);
  assert.deepEqual(client.closes, []);
});

test('an import that depends on what is missing waits for it', async () => {
  const admin = operator(use.server);
  const document = use.document();
  const doc = new Y.Doc();
  const updates = [];
  doc.on('update', (update) => updates.push(update));
  doc.getText('text').insert(0, 'first');
  doc.getText('text').insert(5, ' second');
  assert.deepEqual(await admin.imported(document, updates[1]), { name: document, outcome: 'changed', waitsForMissing: true });
  assert.equal((await admin.imported(document, updates[0])).waitsForMissing, undefined);
  assert.equal((await admin.exported(document, '?as=text&root=text')).body, 'first second');
});

test('an import may be as large as limits.max_sync_size, and no larger', async (context) => {
  const own = await own_server(context, { 'limits.max_sync_size': '2MiB' });
  const admin = operator(own.server);
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'x'.repeat(2 * 1024 * 1024 - 100));
  assert.equal((await admin.imported('large', state(doc))).outcome, 'changed');
  assert.equal((await admin.imported_json('large', state(doc))).outcome, 'known');
  assert.equal((await admin.exported('large', '?as=text')).body.length, 2 * 1024 * 1024 - 100);
  doc.getText('text').insert(0, 'y'.repeat(200));
  assert.match((await admin.imported('large', state(doc), '', 413)).error, /limits\.max_sync_size/);
  const far_above = await ask_admin(own.server, '/api/v1/documents/large/import', { method: 'POST', headers: { ...as_bytes, 'Content-Length': 1e9 } });
  assert.equal(far_above.status, 413);
  assert.equal((await ask_admin(own.server, '/api/v1/documents/large/copy', { method: 'POST', headers: as_json, body: ' '.repeat(70_000) })).status, 413);
});

test('a copy has the same state and goes its own way', async () => {
  const admin = operator(use.server);
  const [from, to] = [use.document(), `${use.document()}/copy`];
  const author = await use.client(from).synced();
  Y.applyUpdate(author.doc, state(sample()));
  await until(async () => (await admin.info(from)).updates > 0, 'it is stored');
  assert.equal((await admin.copied(from, to)).from, from);
  const copy = await use.client(to).synced();
  assert_same_state(copy.doc, author.doc);
  author.text.insert(0, 'original ');
  copy.text.insert(0, 'copy ');
  await pause(50);
  assert.ok(!copy.text.toString().includes('original'));
  await admin.copied(from, to, 409);
  await admin.copied(use.document(), `${to}-2`, 404);
});

test('removing a document while clients edit closes them for good, and late ones do not bring it back', async () => {
  const admin = operator(use.server);
  const document = use.document();
  const [first, second, offline] = await Promise.all([0, 1, 2].map(() => use.client(document).synced()));
  first.text.insert(0, 'shared');
  await converged([first, second, offline]);
  offline.disconnect();
  offline.text.insert(0, 'written offline ');
  let typed = 0;
  const timer = setInterval(() => [first, second].forEach((client) => client.text.insert(0, `${++typed} `)), 1);
  await pause(50);
  assert.deepEqual(await admin.removed(document), { name: document, removed: true, wasThere: true });
  await until(() => [first, second].every(({ closes }) => closes.length > 0), 'both are closed');
  clearInterval(timer);
  for (const { closes } of [first, second]) assert.deepEqual(closes, [{ code: 4410, reason: 'Document was removed' }]);
  await pause(300);
  for (const { closes } of [first, second]) assert.equal(closes.length, 1, 'y-websocket 3.1 does not come back');

  offline.connect();
  await until(() => offline.closes.some(({ code }) => code === 4410), 'the late client is refused');
  assert.ok(!offline.provider.synced);
  await admin.exported(document, '', 410);
  await admin.imported(document, state(first.doc), '', 410);
  assert.equal((await admin.removed(document)).wasThere, false);

  await admin.admitted(document);
  await admin.admitted(document); // as often as one likes, until it is created
  const anew = await use.client(document).synced();
  assert.equal(anew.text.toString(), '', 'it begins empty');
  anew.text.insert(0, 'new');
  await until(async () => (await admin.info(document)).life === 2, 'it is stored in its next life');
  await admin.admitted(document, 409);
  const witness = await use.client(document).synced();
  assert.equal(witness.text.toString(), 'new');
});

test('a JSON session that joined a removed document besides its own is told, and goes on', async () => {
  const admin = operator(use.server);
  const [own, other] = [use.document(), use.document()];
  await admin.imported(other, state(sample()));
  const session = await json(`/${own}`);
  await session.join();
  await session.join(other);
  await admin.removed(other);
  await until(() => session.messages.some(({ type, payload }) => type === 'error' && payload.code === 'DOCUMENT_REMOVED'), 'it is told');
  await session.do({ type: 'presence', payload: { still: 'here' } });
  session.send({ type: 'sync', docName: other, payload: {}, messageId: 'again' });
  await until(() => session.messages.filter(({ type, payload }) => type === 'error' && payload.code === 'DOCUMENT_REMOVED').length >= 2, 'it cannot join');
});

test('a document that nobody has written to cannot be removed, and its sessions stay', async () => {
  const admin = operator(use.server);
  const document = use.document();
  const client = await use.client(document).synced();
  await admin.removed(document, 404);
  client.text.insert(0, 'written');
  await until(async () => (await admin.info(document)).stored, 'it is stored');
  assert.deepEqual(client.closes, []);
});

test('removals and imports at the same time leave nothing half done', async (context) => {
  const own = await own_server(context, { 'document.idle_grace': '0s' });
  const admin = operator(own.server);
  const random = random_source(7);
  for (let round = 0; round < 15; ++round) {
    const document = `race-${round % 3}`;
    const steps = [
      () => ask_admin(own.server, `/api/v1/documents/${document}/import`, { method: 'POST', headers: as_bytes, body: Buffer.from(state(sample(`round ${round}`))) }),
      () => ask_admin(own.server, `/api/v1/documents/${document}`, { method: 'DELETE' }),
      () => ask_admin(own.server, `/api/v1/documents/${document}/export?as=json`),
      () => ask_admin(own.server, `/api/v1/documents/${document}/admit`, { method: 'POST', headers: as_json }),
    ];
    const asked = Array.from({ length: 6 }, () => steps[Math.floor(random() * steps.length)]());
    for (const { status, body } of await Promise.all(asked)) assert.ok([200, 404, 409, 410].includes(status), `${status} ${body}`);
  }
  for (const document of ['race-0', 'race-1', 'race-2']) {
    await ask_admin(own.server, `/api/v1/documents/${document}`, { method: 'DELETE' });
    await ask_admin(own.server, `/api/v1/documents/${document}/admit`, { method: 'POST', headers: as_json });
    assert.equal((await admin.imported(document, state(sample('last')), '?new=true')).outcome, 'changed');
    assert.equal((await admin.exported(document, '?as=text&root=text')).body, 'lst');
  }
});

test('a thousand documents are listed by prefix and in pages', async () => {
  const admin = operator(use.server);
  const update = state(sample());
  const names = Array.from({ length: 1000 }, (_, i) => `list/${i % 2 ? 'odd' : 'even'}/${String(i).padStart(4, '0')}`);
  for (let i = 0; i < names.length; i += 8) await Promise.all(names.slice(i, i + 8).map((name) => admin.imported(name, update)));
  const listed = [];
  for (let after = ''; after !== undefined; ) {
    const page = await admin.get(`/api/v1/documents?prefix=list%2Fodd%2F&limit=150&after=${encodeURIComponent(after)}`);
    assert.ok(page.documents.length <= 150);
    listed.push(...page.documents);
    after = page.next;
  }
  assert.deepEqual(listed.map(({ name }) => name), names.filter((name) => name.startsWith('list/odd')));
  for (const one of listed) {
    assert.equal(one.bytes, one.logBytes + one.checkpointBytes);
    assert.ok(one.bytes >= update.length, JSON.stringify(one));
    assert.ok(Math.abs(Date.parse(one.changedAt) - Date.now()) < 120_000);
  }
  assert.deepEqual((await admin.get('/api/v1/documents?prefix=nothing%2F')).documents, []);
  const whole = await admin.get('/api/v1/documents?prefix=list%2F&limit=10000');
  assert.equal(whole.documents.length, 1000);
  assert.equal(whole.next, undefined);
});

test('all of it is there after a restart', async (context) => {
  const settings = { 'storage.engine': 'rocksdb', 'storage.path': path.join(temporary_folder(), 'data') };
  const first = await own_server(context, settings);
  const before = operator(first.server);
  const doc = sample();
  await before.imported('kept', state(doc));
  await before.copied('kept', 'copy');
  await before.imported('gone', state(doc));
  await before.removed('gone');
  await before.imported('admitted', state(doc));
  await before.removed('admitted');
  await before.admitted('admitted');
  await first.server.stop();
  const second = await own_server(context, settings);
  const admin = operator(second.server);
  for (const name of ['kept', 'copy']) assert_same_state(loaded((await admin.exported(name)).bytes), doc);
  assert.deepEqual((await admin.get('/api/v1/documents')).documents.map(({ name }) => name), ['copy', 'kept']);
  const late = second.client('gone', { doc });
  await until(() => late.closes.some(({ code }) => code === 4410), 'a late client is refused');
  assert.equal((await second.client('admitted').synced()).text.toString(), '');
  assert.ok((await admin.get('/api/v1/storage')).writable);
});

test('a backup is made while clients edit, below its directory only, and a node starts with it', async (context) => {
  const where = temporary_folder();
  const backups = path.join(where, 'backups');
  const settings = { 'storage.engine': 'rocksdb', 'storage.path': path.join(where, 'data'), 'admin.backup_directory': backups };
  const own = await own_server(context, settings);
  const admin = operator(own.server);
  const author = await own.client('notes').synced();
  author.text.insert(0, 'before');
  await until(async () => (await admin.info('notes')).stored, 'it is stored');
  const timer = setInterval(() => author.doc.getArray('during').push([1]), 1);
  context.after(() => clearInterval(timer));
  const made = await admin.backup('monday');
  assert.ok(made.bytes > 0 && made.files > 0, JSON.stringify(made));
  assert.ok(readdirSync(path.join(backups, 'monday')).includes('CURRENT'));
  await admin.backup('monday', 409); // it is there
  for (const outside of ['../data', '/tmp/x', '', '.']) await admin.backup(outside, 400);
  symlinkSync(where, path.join(backups, 'out'));
  await admin.backup('out/elsewhere', 400);
  clearInterval(timer);
  author.text.insert(0, 'after ');
  const copy = await own_server(context, { ...settings, 'storage.path': path.join(backups, 'monday') });
  assert.equal((await operator(copy.server).exported('notes', '?as=text&root=text')).body, 'before');
  const without = operator(use.server);
  assert.match((await without.backup('monday', 403)).error, /admin\.backup_directory/);
});

test('documents in memory cannot be backed up, and say so', async (context) => {
  const own = await own_server(context, { 'admin.backup_directory': temporary_folder() });
  assert.match((await operator(own.server).backup('a', 409)).error, /in memory/);
});

test('names are percent-encoded, and what is no export is refused', async () => {
  const admin = operator(use.server);
  const document = `${use.document()}/ä ?%2F`;
  await admin.imported(document, state(sample()));
  assert.equal((await admin.info(document)).name, document);
  assert.match((await admin.exported(document, '?as=pdf', 400)).json.error, /as must be/);
  assert.match((await admin.exported(document, '?as=text', 400)).json.error, /root is needed/);
  assert.equal((await admin.exported(document, '?as=text&root=none', 404)).status, 404);
  const raw = (await admin.exported(document, '?as=raw')).json;
  assert.ok(raw.complete && raw.pieces.length > 0 && raw.pieces.every(({ damage }) => damage === undefined), JSON.stringify(raw).slice(0, 300));
});
