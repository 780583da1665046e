// y-sweet's dialect with the provider and the SDK that people run, unchanged: alone, and in one document with clients of the
// other dialects.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { own_server, use_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { hex, same_bytes, sync_step1 } from './support/frames.mjs';
import { hocuspocus_client } from './support/hocuspocus_client.mjs';
import { ask_admin, request } from './support/http.mjs';
import { json_client } from './support/json_client.mjs';
import { free_port } from './support/metrics.mjs';
import { start_server } from './support/server.mjs';
import { secret, serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until } from './support/wait.mjs';
import { manager_of, y_sweet_client } from './support/y_sweet_client.mjs';

// The provider warns of what the tests do on purpose.
console.warn = () => {};

const own = use_server();
const document = () => `${own.document()}-y-sweet`;

/** A provider that is gone behind the test. */
function open(context, name, options = {}, server = own.server) {
  const client = new y_sweet_client(server, name, options);
  context.after(() => client.destroy());
  return client;
}
function open_hocuspocus(context, name, server = own.server) {
  const client = new hocuspocus_client(`${server.url}/hocuspocus`, name);
  context.after(() => client.destroy());
  return client.synced();
}
const shows = (clients, text, ms = 5000) =>
  until(() => clients.every((one) => `${one.text}` === text), `all show ${text}`, ms, () => clients.map((one) => `${one.text}`).join(' | '));
const see = (clients, ...names) =>
  until(() => clients.every((one) => `${one.seen()}` === `${[...names].sort()}`), `${names} are seen`, 5000, () => clients.map((one) => one.seen()).join(' | '));
const name_of = (client, name) => client.awareness.setLocalStateField('user', { name });
const seen_by = (y) => ({ seen: () => [...y.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort() });

test('two y-sweet clients, Hocuspocus, y-websocket and JSON edit one document', async (context) => {
  const name = document();
  const one = await open(context, name).synced();
  const two = await open(context, name).synced();
  const hocuspocus = await open_hocuspocus(context, name);
  const y = await own.client(name).synced();
  const json = await new json_client(own.server.url, `/${name}`).open();
  context.after(() => json.raw.destroy());
  await json.join(name);
  const all = [one, two, hocuspocus, y];
  one.text.insert(0, 'one ');
  await shows(all, 'one ');
  two.text.insert(4, 'two ');
  await shows(all, 'one two ');
  y.text.insert(8, 'three ');
  await shows(all, 'one two three ');
  hocuspocus.text.insert(14, 'four');
  await shows(all, 'one two three four');
  await Promise.all([one.saved(), two.saved()]);
  for (const client of all) client.text.insert(0, 'x');
  await shows(all, 'xxxxone two three four');
  await until(() => json.text(name) === 'xxxxone two three four', 'and JSON shows the same', 5000, () => json.text(name));
});

test('presence of y-sweet clients is seen across dialects, and vanishes with their connections', async (context) => {
  const name = document();
  const one = await open(context, name).synced();
  const two = await open(context, name).synced();
  const hocuspocus = await open_hocuspocus(context, name);
  const y = await own.client(name).synced();
  for (const [client, called] of [[one, 'one'], [two, 'two'], [hocuspocus, 'hocuspocus'], [y, 'y']]) name_of(client, called);
  await see([one, two, hocuspocus, seen_by(y)], 'one', 'two', 'hocuspocus', 'y');
  one.awareness.setLocalState(null);
  await see([two, hocuspocus, seen_by(y)], 'two', 'hocuspocus', 'y');
  one.awareness.setLocalState({ user: { name: 'again' } });
  await see([two, hocuspocus, seen_by(y)], 'again', 'two', 'hocuspocus', 'y');
  one.disconnect();
  await see([two, hocuspocus, seen_by(y)], 'two', 'hocuspocus', 'y');
  one.connect();
  await see([one, two, hocuspocus, seen_by(y)], 'again', 'two', 'hocuspocus', 'y');
});

test('what a y-sweet client wrote while it was away is saved once it says so, not before', async (context) => {
  const name = document();
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'made offline ');
  const one = await open(context, name, { doc }).synced();
  await one.saved();
  const witness = await open(context, name).synced();
  await shows([witness], 'made offline ');
  one.disconnect();
  one.text.insert(0, 'away ');
  await pause(100);
  assert.equal(one.is_saved, false);
  one.connect();
  await one.saved();
  // Whoever comes now has it from the server.
  await shows([await open(context, name).synced()], 'away made offline ');
});

test('a sync status is answered behind the answer to the question of the server', async () => {
  const name = document();
  const raw = await own.raw(`/y-sweet/d/${name}/ws/${name}`).open();
  raw.send(sync_step1());
  raw.send(hex('66 01 07'));
  await raw.frame((frame) => same_bytes(frame, hex('00 00 01 00')), 'the question of the server');
  await pause(300);
  assert.ok(!raw.frames.some((frame) => frame[0] === 0x66), 'nobody knows yet what it has');
  raw.send(hex('00 01 02 00 00'));
  await raw.frame((frame) => same_bytes(frame, hex('66 01 07')), 'the status');
  raw.send(hex('66 02 ac 02'));
  await raw.frame((frame) => same_bytes(frame, hex('66 02 ac 02')), 'the next one');
  // Whatever waits, it hears something in time.
  const other = await own.raw(`/y-sweet/doc/ws/${name}`).open();
  other.send(sync_step1());
  await other.frame((frame) => frame[0] === 0 && frame[1] === 0, 'the question of the server');
  const before = other.frames.length;
  const begin = Date.now();
  other.send(hex('66 01 01'));
  await until(() => other.frames.length > before, 'a keep-alive', 3000);
  assert.ok(same_bytes(other.frames.at(-1), hex('01 01 00')));
  assert.ok(Date.now() - begin < 2500, `after ${Date.now() - begin} ms`);
});

test('an idle y-sweet client stays connected', { skip: process.env.TROUPE_SKIP_SLOW }, async (context) => {
  const name = document();
  const one = await open(context, name).synced();
  one.text.insert(0, 'x');
  await one.saved();
  await pause(8000);
  assert.deepEqual(one.closes, []);
  assert.equal(one.is_connected, true);
  assert.equal(one.is_saved, true);
});

test('a y-sweet client is right about what is saved across a hundred reconnects', async (context) => {
  const name = document();
  const one = await open(context, name).synced();
  const witness = await own.client(name).synced();
  let text = '';
  for (let round = 0; round < 100; ++round) {
    one.text.insert(0, 'a');
    one.drop();
    one.text.insert(0, 'b');
    assert.equal(one.is_saved, false);
    text = `ba${text}`;
    await one.saved();
    // What it calls saved has reached the server, so it reaches everybody.
    await shows([witness], text);
    await one.synced();
  }
  await pause(300);
  one.text.insert(0, 'c');
  assert.equal(one.is_saved, false);
  await one.saved();
  assert.equal(one.closes.length, 100);
});

test('y-sweet clients say that all is saved once it is, whatever becomes of the server', async (context) => {
  const folder = temporary_folder();
  const settings = { 'server.port': await free_port(), 'storage.engine': 'rocksdb', 'storage.path': path.join(folder, 'data') };
  const start = () => start_server(settings);
  let server = await start();
  context.after(() => server.stop());
  const clients = [await open(context, 'killed', {}, server).synced(), await open(context, 'killed', {}, server).synced()];
  let count = 0;
  for (let round = 0; round < 6; ++round) {
    const of = clients[round % 2];
    const before = count;
    for (let edit = 0; edit < 5 + round; ++edit) of.text.insert(0, `${++count} `);
    await of.saved();
    await server.kill();
    // Nobody brings it along: the disk has it.
    for (const client of clients) client.disconnect();
    server = await start();
    const stored = new Y.Doc();
    Y.applyUpdate(stored, await manager_of(server).getDocAsUpdate('killed'));
    for (let edit = before + 1; edit <= count; ++edit) assert.ok(`${stored.getText('text')}`.split(' ').includes(`${edit}`), `edit ${edit} of round ${round}`);
    // What is written while nobody is there is not saved.
    of.text.insert(0, `${++count} `);
    assert.equal(of.is_saved, false);
    for (const client of clients) client.connect();
    await shows(clients, `${of.text}`, 10000);
    await Promise.all(clients.map((client) => client.saved(10000)));
  }
});

test('the SDK makes documents, reads and writes them', async () => {
  const manager = manager_of(own.server);
  assert.deepEqual(await manager.checkStore(), { ok: true });
  const made = await manager.createDoc();
  assert.match(made.docId, /^[A-Za-z0-9_-]{22}$/);
  const name = document();
  assert.deepEqual(await manager.createDoc(name), { docId: name });
  assert.deepEqual(await manager.getDocAsUpdate(name), new Uint8Array([0, 0]), 'an empty document');
  const got = await manager.getOrCreateDocAndToken(name);
  const { host, port } = own.server;
  assert.deepEqual(got, {
    url: `ws://${host}:${port}/y-sweet/d/${name}/ws`, baseUrl: `http://${host}:${port}/y-sweet/d/${name}`, docId: name, authorization: 'full',
  });
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'by the SDK');
  const y = await own.client(name).synced();
  await manager.updateDoc(name, Y.encodeStateAsUpdate(doc));
  await shows([y], 'by the SDK');
  y.text.insert(0, 'read ');
  await until(async () => {
    const read = new Y.Doc();
    Y.applyUpdate(read, await manager.getDocAsUpdate(name));
    return `${read.getText('text')}` === 'read by the SDK';
  }, 'the SDK reads what a client wrote');
  const filled = await manager.createDocWithContent(Y.encodeStateAsUpdate(doc));
  await shows([await own.client(filled.docId).synced()], 'by the SDK');
  await assert.rejects(manager.updateDoc(name, new Uint8Array([1, 255])), /ServerError: Server responded with 4\d\d/);
  const again = await own.client(name).synced();
  await shows([again], 'read by the SDK');
});

test('of a document that was removed the SDK hears so, instead of a client that comes back for ever', async () => {
  const manager = manager_of(own.server);
  const name = document();
  await manager.createDoc(name);
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'x');
  await manager.updateDoc(name, Y.encodeStateAsUpdate(doc));
  await manager.getClientToken(name);
  assert.equal((await ask_admin(own.server, `/api/v1/documents/${name}`, { method: 'DELETE' })).status, 200);
  for (const ask of [() => manager.createDoc(name), () => manager.getClientToken(name)])
    await assert.rejects(ask, /Server responded with 410/);
});

test('the pages for which there is no SDK', async () => {
  const ask = (target, options) => request(own.server, target, options);
  const ready = await ask('/y-sweet/ready');
  assert.equal(ready.status, 200);
  assert.deepEqual(JSON.parse(ready.body), { ok: true });
  assert.deepEqual(JSON.parse((await ask('/y-sweet/check_store')).body), { ok: true });
  const named = document();
  const update = Buffer.from(Y.encodeStateAsUpdate(new Y.Doc()));
  const octets = { 'content-type': 'application/octet-stream' };
  assert.equal((await ask(`/y-sweet/doc/${named}/update`, { method: 'POST', headers: octets, body: update })).status, 200);
  assert.equal((await ask(`/y-sweet/doc/${named}/as-update`)).status, 200);
  assert.equal((await ask(`/y-sweet/d/${named}/update`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: update })).status, 415);
  assert.equal((await ask('/y-sweet/doc/new')).status, 405);
  const bad = own.raw('/y-sweet/d/one/ws/other');
  await bad.close_reason();
  assert.equal(bad.frames.length, 0);
});

test('a document whose name has a slash is reached by its escaped id', async (context) => {
  const one = await open(context, 'wiki%2Fhome').synced();
  const y = await own.client('wiki/home').synced();
  one.text.insert(0, 'one document');
  await shows([y], 'one document');
});

test('at the root by dialects.y_sweet_path, beside documents of others', async (context) => {
  const { server, client } = await own_server(context, { 'dialects.y_sweet_path': '/' });
  const manager = manager_of(server, undefined, '');
  const one = open(context, 'a', { token: () => manager.getOrCreateDocAndToken('a') }, server);
  await one.synced();
  const y = await client('a').synced();
  one.text.insert(0, 'at the root');
  await shows([y], 'at the root');
  assert.equal((await request(server, '/ready')).status, 200);
});

// --- tokens ---

const server_token = 'the-server-token+of/the=tests';

async function serve(context, access = '', settings = {}) {
  const server = await serve_with_tokens(context, { 'dialects.y_sweet_token': server_token, ...settings }, access);
  return { server, manager: manager_of(server, server_token) };
}

test('a client token opens one document, to write or to read', async (context) => {
  const { server, manager } = await serve(context);
  const writer = await open(context, 'plan', { token: () => manager.getOrCreateDocAndToken('plan', { userId: 'ada' }) }, server).synced();
  writer.text.insert(0, 'written');
  await writer.saved();
  const reader = open(context, 'plan', { token: () => manager.getClientToken('plan', { authorization: 'read-only', userId: 'bob' }) }, server);
  await reader.synced();
  await shows([reader], 'written');
  await reader.saved();
  name_of(reader, 'reader');
  await see([writer], 'reader');
  // What a reader writes is never called saved, and it stays connected.
  reader.text.insert(0, 'mine: ');
  await pause(7000);
  assert.equal(reader.is_saved, false);
  assert.equal(`${writer.text}`, 'written');
  assert.deepEqual(reader.closes, []);
  writer.text.insert(7, ' more');
  await shows([reader], 'mine: written more');
  const { json } = await ask_admin(server, '/api/v1/sessions');
  assert.deepEqual(json.sessions.map((one) => one.user ?? one.userId).sort(), ['ada', 'bob'], JSON.stringify(json.sessions[0]));
});

test('a client token is good for no other document, and for nothing else', async (context) => {
  const { server, manager } = await serve(context);
  const good = await manager.getClientToken('plan');
  const other = open(context, 'other', { token: () => ({ ...good, url: good.url.replace('/plan/', '/other/'), docId: 'other' }) }, server);
  await until(() => other.closes.length > 0, 'it is closed');
  assert.notEqual(other.provider.status, 'connected');
  assert.match(other.closes[0].reason, /right|forbidden|may not/i, JSON.stringify(other.closes[0]));
  const ask = (target, bearer, method = 'GET') =>
    request(server, target, { method, headers: { Authorization: `Bearer ${bearer}`, 'content-type': 'application/json' } });
  assert.equal((await ask('/y-sweet/d/plan/as-update', good.token)).status, 200);
  assert.equal((await ask('/y-sweet/d/other/as-update', good.token)).status, 403);
  assert.equal((await ask('/y-sweet/doc/plan/auth', good.token, 'POST')).status, 403);
  assert.equal((await ask('/y-sweet/doc/new', good.token, 'POST')).status, 403);
  // Clients of the other dialects may use it, too.
  const y = await new json_client(server.url, `/plan?token=${good.token}`).open();
  context.after(() => y.raw.destroy());
  await y.join('plan');
});

test('without the server token there are no client tokens', async (context) => {
  const { server } = await serve(context);
  for (const wrong of [undefined, 'another-server-token-of-the-tests']) {
    const stranger = manager_of(server, wrong);
    for (const call of [() => stranger.createDoc('a'), () => stranger.getClientToken('a'), () => stranger.checkStore(), () => stranger.getDocAsUpdate('a')])
      await assert.rejects(call(), wrong ? /InvalidAuthProvided/ : /NoAuthProvided/);
  }
  const ask = (bearer) => request(server, '/y-sweet/d/plan/as-update', { headers: { Authorization: `Bearer ${bearer}` } });
  assert.equal((await ask(token({ sub: 'ada', docs: [{ name: 'plan', rights: 'read' }] }))).status, 200, 'a token of the application');
  assert.equal((await ask(token({ sub: 'ada', docs: [{ name: 'plan', rights: 'read' }] }, { key: server_token }))).status, 401);
  assert.equal((await ask(server_token)).status, 200);
  // It opens no socket.
  const raw = own.raw('/'); // only to have a class at hand
  const direct = new raw.constructor(server.url, `/y-sweet/d/plan/ws/plan?token=${encodeURIComponent(server_token)}`);
  context.after(() => direct.destroy());
  assert.ok([1006, 4401].includes((await direct.close_reason()).code));
});

test('a client gets another token when its own has ended', async (context) => {
  const { server, manager } = await serve(context, '  clock_skew: 0s\n');
  let seconds = 2;
  const one = open(context, 'plan', { token: () => manager.getClientToken('plan', { validForSeconds: seconds }) }, server);
  await one.synced();
  one.text.insert(0, 'with the first ');
  await one.saved();
  seconds = 600;
  await until(() => one.closes.length > 0, 'it is closed when its token has ended', 6000);
  one.text.insert(0, 'between ');
  await until(() => one.token_count > 1, 'it asks for another token', 8000);
  await one.synced(8000);
  await one.saved();
  const reader = await open(context, 'plan', { token: () => manager.getClientToken('plan') }, server).synced();
  await shows([reader], 'between with the first ');
});

test('tokens in webhook mode are those of y-sweet, and others are asked about', async (context) => {
  const folder = temporary_folder();
  writeFileSync(path.join(folder, 'server-token'), `${server_token}\n`);
  const file = path.join(folder, 'node.yaml');
  writeFileSync(file, `access:\n  mode: webhook\n  webhook:\n    url: "http://127.0.0.1:1/"\n    secret: "${secret}"\n`);
  const server = await start_server({ 'dialects.y_sweet_token_file': path.join(folder, 'server-token') }, { file });
  context.after(() => server.stop());
  const manager = manager_of(server, server_token);
  const one = await open(context, 'plan', { token: () => manager.getClientToken('plan') }, server).synced();
  one.text.insert(0, 'let in');
  await one.saved();
});

test('the server token works at two nodes that have it, and rights can be taken back', async (context) => {
  const first = await serve(context);
  const second = await serve(context);
  const given = await first.manager.getClientToken('plan', { userId: 'ada' });
  const there = { ...given, url: given.url.replace(`:${first.server.port}/`, `:${second.server.port}/`) };
  const one = await open(context, 'plan', { token: () => there }, second.server).synced();
  const answer = await ask_admin(second.server, '/api/v1/sessions/rights', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'ada', document: 'plan', rights: ['read'] }),
  });
  assert.equal(answer.status, 200, answer.body);
  one.text.insert(0, 'never');
  await pause(500);
  assert.equal(one.is_saved, false);
  assert.deepEqual(one.closes, []);
});
