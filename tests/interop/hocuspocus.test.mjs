// The Hocuspocus dialect with the providers that people run, unchanged: alone, beside each other, and in one document with
// clients of the other dialects.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { raw_socket } from './support/clients.mjs';
import { own_server, use_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { hocuspocus_client, hocuspocus_frame, hocuspocus_socket, newest, versions } from './support/hocuspocus_client.mjs';
import { ask_admin } from './support/http.mjs';
import { json_client } from './support/json_client.mjs';
import { free_port } from './support/metrics.mjs';
import { start_server } from './support/server.mjs';
import { serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until } from './support/wait.mjs';

/** Every second one ends the connection. */
const rounds = process.env.TROUPE_LONG ? 200 : 100;

const own = use_server();
const document = () => `${own.document()}-hocuspocus`;
const url = (server = own.server) => `${server.url}/hocuspocus`;

/** A provider that is gone behind the test. */
function open(context, name, options = {}, server = own.server) {
  const client = new hocuspocus_client(url(server), name, options);
  context.after(() => client.destroy());
  return client;
}
function open_socket(context, options = {}, server = own.server) {
  const socket = new hocuspocus_socket(url(server), options);
  context.after(() => socket.destroy());
  return socket;
}
const shows = (clients, text) =>
  until(() => clients.every((one) => `${one.text}` === text), `all show ${text}`, 5000, () => clients.map((one) => `${one.text}`).join(' | '));
const see = (clients, ...names) =>
  until(() => clients.every((one) => `${one.seen()}` === `${[...names].sort()}`), `${names} are seen`, 5000, () => clients.map((one) => one.seen()).join(' | '));
const name_of = (client, name) => client.awareness.setLocalStateField('user', { name });
const seen_by = (y) => ({ seen: () => [...y.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort() });

for (const [i, version] of versions.entries()) {
  const other = versions[(i + 1) % versions.length];

  test(`provider ${version}, provider ${other}, y-websocket and JSON edit one document`, async (context) => {
    const name = document();
    const one = await open(context, name, { version }).synced();
    const two = await open(context, name, { version: other }).synced();
    const y = await own.client(name).synced();
    const json = await new json_client(own.server.url, `/${name}`).open();
    context.after(() => json.raw.destroy());
    await json.join(name);

    one.text.insert(0, 'one ');
    await shows([one, two, y], 'one ');
    two.text.insert(4, 'two ');
    await shows([one, two, y], 'one two ');
    y.text.insert(8, 'three');
    await shows([one, two, y], 'one two three');
    await Promise.all([one.saved(), two.saved()]);
    for (const client of [one, two, y]) client.text.insert(0, 'x');
    await shows([one, two, y], 'xxxone two three');
    await until(() => json.text(name) === 'xxxone two three', 'and shows the same', 5000, () => json.text(name));
  });

  test(`presence of provider ${version} is seen across dialects, and vanishes with its connection`, async (context) => {
    const name = document();
    const one = await open(context, name, { version }).synced();
    const two = await open(context, name, { version: other }).synced();
    const y = await own.client(name).synced();
    name_of(one, 'one');
    name_of(two, 'two');
    name_of(y, 'y');
    await see([one, two, seen_by(y)], 'one', 'two', 'y');
    one.awareness.setLocalState(null);
    await see([two, seen_by(y)], 'two', 'y');
    one.awareness.setLocalState({ user: { name: 'again' } });
    await see([two, seen_by(y)], 'again', 'two', 'y');
    one.socket.vanish();
    await see([two, seen_by(y)], 'two', 'y');
  });

  test(`what provider ${version} sends to a server of which it knows nothing is saved once, and it says so`, async (context) => {
    const name = document();
    const doc = new Y.Doc();
    doc.getText('text').insert(0, 'made offline ');
    const one = open(context, name, { version, doc });
    await one.saved();
    await one.synced();
    for (let edit = 0; edit < 20; ++edit) one.text.insert(0, 'x');
    assert.equal(one.is_saved, false);
    await one.saved();
    assert.equal(one.provider.unsyncedChanges, 0);
    await pause(200);
    assert.equal(one.provider.unsyncedChanges, 0, 'no acknowledgement is left over');
    await shows([await open(context, name, { version: other }).synced()], `${'x'.repeat(20)}made offline `);
  });

  test(`provider ${version} is right about what is saved across reconnects`, async (context) => {
    const name = document();
    const one = await open(context, name, { version }).synced();
    const witness = await open(context, name, { version: other }).synced();
    let text = '';
    for (let round = 0; round < rounds; ++round) {
      one.text.insert(0, 'a');
      if (round % 2 === 0) one.socket.drop();
      one.text.insert(0, 'b');
      text = `ba${text}`;
      await until(() => one.socket.is_open && one.provider.synced && one.is_saved, 'it is back, and all is saved', 5000,
        () => JSON.stringify([one.socket.is_open, one.provider.synced, one.provider.unsyncedChanges]));
      await shows([witness], text);
    }
    // No acknowledgement is missing or left over: the next edit is unsaved until it is saved.
    await pause(300);
    one.text.insert(0, 'c');
    assert.equal(one.is_saved, false);
    await one.saved();
  });
}

test('providers say that all is saved once it is, whatever becomes of the server', async (context) => {
  const folder = temporary_folder();
  const settings = { 'server.port': await free_port(), 'storage.engine': 'rocksdb', 'storage.path': path.join(folder, 'data') };
  const start = () => start_server(settings);
  let server = await start();
  context.after(() => server.stop());
  const clients = [];
  for (const version of versions) clients.push(await open(context, 'killed', { version }, server).synced());
  let count = 0;
  for (let round = 0; round < 6; ++round) {
    const of = clients[round % clients.length];
    const before = count;
    for (let edit = 0; edit < 5 + round; ++edit) of.text.insert(0, `${++count} `);
    await of.saved();
    await server.kill();
    // Nobody brings it along: the disk has it.
    for (const client of clients) client.socket.disconnect();
    server = await start();
    const reader = await open(context, 'killed', {}, server).synced();
    for (let edit = before + 1; edit <= count; ++edit) assert.ok(`${reader.text}`.split(' ').includes(`${edit}`), `edit ${edit} of round ${round}`);
    reader.destroy();
    for (const client of clients) client.socket.connect();
    await shows(clients, `${of.text}`);
    await Promise.all(clients.map((client) => client.saved()));
  }
});

test('fifty documents on one socket, in any order', async (context) => {
  const prefix = document();
  const here = open_socket(context);
  const there = open_socket(context, { version: '3.4.4' });
  const names = Array.from({ length: 50 }, (_, i) => `${prefix}-${i}`);
  const left = names.map((name) => open(context, name, { socket: here }));
  const right = names.map((name) => open(context, name, { socket: there }));
  await Promise.all([...left, ...right].map((client) => client.synced(15000)));
  for (let round = 0; round < 3; ++round) for (const [i, client] of left.entries()) client.text.insert(0, `${i}`);
  for (const [i, client] of right.entries()) client.text.insert(0, `${i}`);
  for (const [i] of names.entries()) await shows([left[i], right[i]], `${i}`.repeat(4));
  for (const [i] of names.entries()) assert.equal(`${right[i].text}`, `${i}`.repeat(4));
  await Promise.all([...left, ...right].map((client) => client.saved()));
  // One leaves and comes back; the others do not notice.
  left[7].provider.detach();
  right[7].text.insert(0, 'meanwhile ');
  left[8].text.insert(0, 'still here ');
  await shows([right[8]], `${left[8].text}`);
  left[7].provider.attach();
  await shows([left[7]], `${right[7].text}`);
  assert.equal(here.closes.length, 0);
});

test('the same document is open twice on one socket', async (context) => {
  const name = document();
  const socket = open_socket(context);
  const one = await open(context, name, { socket, sessionAwareness: true }).synced();
  const two = await open(context, name, { socket, sessionAwareness: true }).synced();
  name_of(one, 'one');
  name_of(two, 'two');
  one.text.insert(0, 'from one');
  await shows([one, two], 'from one');
  two.text.insert(0, 'to one, ');
  await shows([one, two], 'to one, from one');
  await see([one, two], 'one', 'two');
  await Promise.all([one.saved(), two.saved()]);
  one.provider.destroy();
  await see([two], 'two');
  two.text.insert(0, 'alone ');
  await two.saved();
});

test('stateless messages go both ways, between dialects too', async (context) => {
  const name = document();
  const one = await open(context, name).synced();
  const two = await open(context, name, { version: '2.15.3' }).synced();
  const json = await new json_client(own.server.url, `/${name}`).open();
  context.after(() => json.raw.destroy());
  await json.join(name);
  one.provider.sendStateless('hello "you"');
  await until(() => two.stateless.includes('hello "you"'), 'the other provider hears it');
  assert.deepEqual(one.stateless, [], 'and its sender does not');
  await until(() => json.messages.some((each) => each.payload === 'hello "you"'), 'and the JSON client', 5000, () => JSON.stringify(json.messages));
  await json.do({ type: 'update', docName: name, payload: { event: 'saved', by: 'json' } });
  const heard = () => two.stateless.map((text) => (text[0] === '{' ? JSON.parse(text) : text));
  await until(() => heard().some((each) => each.event === 'saved'), 'an event of a JSON client is a stateless message');
  await ask_admin(own.server, '/api/v1/notify', { method: 'POST', body: JSON.stringify({ path: 'a.md', docName: name }), headers: { 'content-type': 'application/json' } });
  for (const client of [one, two])
    await until(() => client.stateless.some((text) => text.includes('file-changed')), 'a notification by the server is one, too', 5000, () => `${client.stateless}`);
});

test('at the address / by dialects.default', async (context) => {
  const { server } = await own_server(context, { 'dialects.default': 'hocuspocus' });
  const one = new hocuspocus_client(server.url, 'a');
  const two = new hocuspocus_client(`${server.url}/hocuspocus/below`, 'a', { version: '2.15.3', token: null });
  context.after(() => [one, two].forEach((each) => each.destroy()));
  await Promise.all([one.synced(), two.synced()]);
  one.text.insert(0, 'at the root');
  await shows([one, two], 'at the root');
});

test('frames that no provider sends end what they concern', async (context) => {
  const name = document();
  const raw = await own.raw('/hocuspocus').open();
  raw.send(new Uint8Array([9]));
  await raw.frame((frame) => frame.length === 1 && frame[0] === 10, 'a pong');
  raw.send(hocuspocus_frame(name, 2, 0, 'any'));
  await raw.frame((frame) => Buffer.from(frame).includes('read-write'), 'it is let in');
  raw.send(hocuspocus_frame(name, 6, 'broadcast')); // servers say that to each other
  raw.send(hocuspocus_frame(name, 99));
  raw.send(hocuspocus_frame(name, 0, 0, new Uint8Array([1, 0])));
  const status = hocuspocus_frame(name, 0, 1);
  await raw.frame((frame) => Buffer.from(frame).subarray(0, status.length).equals(status), 'it is answered all the same');
  raw.send(hocuspocus_frame(name, 0, 2, new Uint8Array([1, 255]))); // no update
  const close = hocuspocus_frame(name, 7);
  await raw.frame((frame) => Buffer.from(frame).subarray(0, close.length).equals(close), 'its document is closed');
  assert.equal(raw.closed_with, undefined);
  raw.send(hocuspocus_frame('another', 2, 0, 'any'));
  await raw.frame((frame) => Buffer.from(frame).includes('another'), 'another one is not');
  raw.send(new Uint8Array([200, 1, 1])); // the address is cut off
  assert.equal((await raw.close_reason()).code, 4400);
});

test('what comes right before a leave is kept, also while the document is not open yet', async (context) => {
  const name = document();
  const raw = await own.raw('/hocuspocus').open();
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'last words');
  const update = Y.encodeStateAsUpdate(doc);
  const frames = [
    hocuspocus_frame(name, 2, 0, 'any'),
    hocuspocus_frame(name, 0, 0, 1, new Uint8Array([0])),
    hocuspocus_frame(name, 0, 2, update.length, update),
    hocuspocus_frame(name, 7),
  ];
  for (const frame of frames) raw.send(frame);
  const reader = await open(context, name).synced();
  await shows([reader], 'last words');
});

test('a name that is too long is denied, and the others of its socket stay', async (context) => {
  for (const version of versions) {
    const socket = open_socket(context, { version });
    const good = await open(context, document(), { socket }).synced();
    const long = open(context, 'x'.repeat(600), { socket });
    await until(() => long.denied.length > 0, 'the long one is denied', 5000, () => JSON.stringify(socket.closes));
    good.text.insert(0, version);
    await good.saved();
    assert.equal(socket.closes.length, 0);
  }
});

// --- tokens ---

/** The token of a user with these rights to a document; by default to all. */
const user = (rights, name = undefined, seconds = 600) =>
  token({ sub: `user-${rights}`, docs: [name === undefined ? { prefix: '', rights } : { name, rights }] }, { seconds });

test('each document on a socket has a token of its own, and a refused one harms no other', async (context) => {
  const server = await serve_with_tokens(context);
  for (const version of versions) {
    const socket = open_socket(context, { version }, server);
    const writer = await open(context, 'plan', { socket, token: user('write') }, server).synced();
    const nobody = open(context, 'secret', { socket, token: 'no.good.token' }, server);
    const stranger = open(context, 'other', { socket, token: user('write', 'plan') }, server);
    await until(() => nobody.denied.length > 0 && stranger.denied.length > 0, 'two are denied', 5000, () => JSON.stringify(stranger.denied));
    nobody.text.insert(0, 'never');
    writer.text.insert(0, version);
    await writer.saved();
    await pause(200);
    assert.equal(socket.is_open, true);
    assert.equal(socket.closes.length, 0);
    assert.equal(nobody.is_saved, false);
  }
});

test('a reader hears everything, and what it writes is never called saved', async (context) => {
  const server = await serve_with_tokens(context);
  const writer = await open(context, 'plan', { token: user('write') }, server).synced();
  writer.text.insert(0, 'written');
  for (const version of versions) {
    const reader = await open(context, 'plan', { version, token: user('read') }, server).synced();
    await shows([reader], 'written');
    await reader.saved();
    assert.equal(reader.provider.authorizedScope, 'readonly');
    reader.text.insert(0, 'mine: ');
    await pause(300);
    assert.equal(reader.is_saved, false);
    assert.equal(`${writer.text}`, 'written');
    assert.equal(reader.socket.closes.length, 0);
    reader.destroy();
  }
});

test('a denied provider may show a better token on the same socket', async (context) => {
  const server = await serve_with_tokens(context);
  let shown = 'no.good.token';
  const one = open(context, 'plan', { token: () => shown }, server);
  await until(() => one.denied.length > 0, 'it is denied');
  shown = user('write');
  await one.provider.sendToken();
  one.provider.startSync();
  await one.synced();
  one.text.insert(0, 'let in');
  await one.saved();
  assert.equal(one.socket.closes.length, 0);
});

test('a token is renewed before it ends, from either side, and without it the document ends', async (context) => {
  const server = await serve_with_tokens(context, {}, '  clock_skew: 0s\n');
  const asked = [];
  const lasting = await open(context, 'plan', { token: () => (asked.push(1), user('write', undefined, asked.length === 1 ? 3 : 600)) }, server).synced();
  const fixed = await open(context, 'plan', { version: '3.4.4', token: user('write', undefined, 3) }, server).synced();
  await until(() => asked.length > 1, 'the server asks for another token');
  await until(() => fixed.denied.length > 0, 'the other one ends', 8000);
  await pause(500);
  lasting.text.insert(0, 'still here');
  await lasting.saved();
  assert.equal(lasting.socket.closes.length, 0);
  assert.equal(fixed.socket.is_open, true);
  await lasting.provider.sendToken();
  await until(() => lasting.scopes.length > 2, 'a token that nobody asked for is answered', 5000, () => `${lasting.scopes}`);
});

test('a provider that renews no token by itself comes back with a new one, again and again', async (context) => {
  const server = await serve_with_tokens(context, {}, '  clock_skew: 0s\n');
  const reader = await open(context, 'plan', { token: user('read') }, server).synced();
  for (const version of versions) {
    const socket = open_socket(context, { version }, server);
    const asked = { plan: 0, notes: 0 };
    const client_of = (name) => open(context, name, { socket, token: async () => (++asked[name], user('write', name, 3)) }, server);
    const [plan, notes] = [client_of('plan'), client_of('notes')];
    await plan.synced();
    await notes.synced();
    for (let second = 0; second < 7; ++second) {
      await pause(1000);
      plan.text.insert(0, '.');
    }
    plan.text.insert(0, `${version} lasts `);
    await until(() => `${reader.text}`.includes(`${version} lasts `), 'an edit arrives after two tokens have ended', 5000, () => JSON.stringify([socket.closes, plan.denied]));
    await plan.saved();
    await notes.synced();
    assert.ok(asked.plan >= 3, `${version}: ${asked.plan} tokens`);
    // The version that does not know the question is told by a close after which it comes back.
    const is_old = version.startsWith('2.');
    assert.deepEqual([...new Set(socket.closes.map(({ code }) => code))], is_old ? [4001] : [], version);
    assert.ok(socket.closes.length <= 3, JSON.stringify(socket.closes));
    assert.deepEqual(plan.denied, []);
  }
});

test('rights that are taken away end the document, or make it read-only', async (context) => {
  const server = await serve_with_tokens(context);
  const one = await open(context, 'plan', { token: user('write') }, server).synced();
  const change = async (what, body) => {
    const answer = await ask_admin(server, `/api/v1/sessions/${what}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, answer.body);
  };
  await change('rights', { user: 'user-write', document: 'plan', rights: ['read'] });
  await until(() => one.provider.authorizedScope === 'readonly', 'it is a reader now');
  await change('rights', { user: 'user-write', document: 'plan', rights: [] });
  await until(() => one.denied.length > 0, 'it is not even that');
  assert.equal(one.socket.is_open, true);
});

test('a message that comes before its token waits for it', async (context) => {
  const server = await serve_with_tokens(context);
  const raw = new raw_socket(server.url, '/hocuspocus');
  context.after(() => raw.destroy());
  await raw.open();
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'early');
  const update = Y.encodeStateAsUpdate(doc);
  raw.send(hocuspocus_frame('plan', 0, 2, update.length, update));
  await pause(300);
  assert.equal(raw.frames.length, 0);
  raw.send(hocuspocus_frame('plan', 2, 0, user('write'), newest));
  const status = hocuspocus_frame('plan', 8, 1);
  await raw.frame((frame) => Buffer.from(frame).equals(status), 'the early update is acknowledged');
  const reader = await open(context, 'plan', { token: user('read') }, server).synced();
  await shows([reader], 'early');
});
