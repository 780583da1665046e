// What the tests of Hocuspocus itself look at, as far as it shows on the wire, seen here with its providers: who is let in,
// what is called synced and saved, who is seen, what ends a connection. docs/compatibility.md says which test covers what,
// and what differs by intent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { raw_socket } from './support/clients.mjs';
import { own_server, use_server } from './support/fixture.mjs';
import { hocuspocus_client, hocuspocus_frame, hocuspocus_socket, newest, versions } from './support/hocuspocus_client.mjs';
import { ask_admin } from './support/http.mjs';
import { serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until } from './support/wait.mjs';

const own = use_server();
let names = 0;
const document = () => `behaviour-${++names}`;

function open(context, name, options = {}, server = own.server) {
  const client = new hocuspocus_client(`${server.url}/hocuspocus`, name, options);
  context.after(() => client.destroy());
  return client;
}
function open_socket(context, options = {}, server = own.server) {
  const socket = new hocuspocus_socket(`${server.url}/hocuspocus`, options);
  context.after(() => socket.destroy());
  return socket;
}
function open_raw(context, server = own.server) {
  const raw = new raw_socket(server.url, '/hocuspocus');
  context.after(() => raw.destroy());
  return raw.open();
}
const shows = (client, text) => until(() => `${client.text}` === text, `it shows ${text}`, 5000, () => `${client.text}`);
const user = (rights, name = 'plan') => token({ sub: `user-${rights}`, docs: [{ name, rights }] });
/** Type and subtype of the frames of one address. */
const kinds = (raw, address) => {
  const head = Buffer.from(hocuspocus_frame(address));
  return raw.frames.map((frame) => Buffer.from(frame)).filter((frame) => frame.subarray(0, head.length).equals(head)).map((frame) => `${frame[head.length]}.${frame[head.length + 1]}`);
};

for (const version of versions) {
  test(`provider ${version} that changes nothing has nothing unsaved, before and behind its sync`, async (context) => {
    const one = open(context, document(), { version });
    assert.equal(one.is_saved, true);
    assert.equal(one.provider.synced, false);
    await one.synced();
    await one.saved();
    await pause(100);
    assert.equal(one.provider.unsyncedChanges, 0);
  });

  test(`provider ${version} says "synced" when it has the document, once for each connection`, async (context) => {
    const name = document();
    const writer = await open(context, name).synced();
    writer.text.insert(0, 'there before');
    await writer.saved();
    const seen = [];
    const doc = new Y.Doc();
    const reader = open(context, name, { version, doc, onSynced: ({ state }) => state && seen.push(`${doc.getText('text')}`) });
    await reader.synced();
    await until(() => seen.length > 0, 'it says so');
    reader.socket.drop();
    await until(() => seen.length > 1, 'and again when it is back');
    assert.deepEqual(seen, ['there before', 'there before']);
  });

  test(`provider ${version} may ask for a sync at any time, and stays right about what is saved`, async (context) => {
    const name = document();
    const one = await open(context, name, { version }).synced();
    for (let i = 0; i < 5; ++i) {
      one.text.insert(0, 'x');
      await one.saved();
      one.provider.forceSync();
      await one.saved();
    }
    await pause(200);
    assert.equal(one.provider.unsyncedChanges, 0);
    await shows(await open(context, name).synced(), 'x'.repeat(5));
  });

  test(`what reader ${version} has changed before it came is never called saved, an insertion or a deletion`, async (context) => {
    const server = await serve_with_tokens(context);
    const writer = await open(context, 'plan', { token: user('write') }, server).synced();
    writer.text.insert(0, 'written');
    await writer.saved();
    const copy = () => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(writer.doc));
      return doc;
    };
    const changed = [['nothing', () => {}], ['an insertion', (text) => text.insert(0, 'mine ')], ['a deletion', (text) => text.delete(0, 3)]];
    const readers = changed.map(([what, change]) => {
      const doc = copy();
      change(doc.getText('text'));
      return [what, open(context, 'plan', { version, doc, token: user('read') }, server)];
    });
    for (const [, reader] of readers) await reader.synced();
    await readers[0][1].saved();
    await pause(300);
    writer.text.insert(0, 'of another ');
    await writer.saved();
    await until(() => readers.every(([, { text }]) => `${text}`.includes('of another')), 'all hear what others write');
    for (const [what, reader] of readers) assert.equal(reader.is_saved, what === 'nothing', what);
    assert.equal(`${writer.text}`, 'of another written');
  });

  test(`provider ${version} that is destroyed is seen by nobody`, async (context) => {
    const name = document();
    const one = await open(context, name, { version }).synced();
    const other = await open(context, name).synced();
    one.provider.setAwarenessField('user', { name: 'one' });
    await until(() => `${other.seen()}` === 'one', 'it is seen');
    one.provider.destroy();
    await until(() => `${other.seen()}` === '', 'it is gone');
  });
}

test('of two with one name on one socket, the one with a bad token harms the other in no way', async (context) => {
  const server = await serve_with_tokens(context);
  const socket = open_socket(context, {}, server);
  const bad = open(context, 'plan', { socket, sessionAwareness: true, token: 'no.good.token' }, server);
  const good = await open(context, 'plan', { socket, sessionAwareness: true, token: user('write') }, server).synced();
  await until(() => bad.denied.length > 0, 'one is denied');
  good.text.insert(0, 'in');
  await good.saved();
  assert.deepEqual(good.denied, []);
  assert.equal(bad.provider.isAuthenticated, false);
  assert.equal(socket.closes.length, 0);
});

test('a name that was denied on a socket may be opened there by another provider with a good token', async (context) => {
  const server = await serve_with_tokens(context);
  for (const version of versions) {
    const socket = open_socket(context, { version }, server);
    const bad = open(context, 'plan', { socket, token: 'no.good.token' }, server);
    await until(() => bad.denied.length > 0, `${version} is denied`);
    bad.provider.destroy();
    const good = await open(context, 'plan', { socket, token: user('write') }, server).synced();
    good.text.insert(0, 'in');
    await good.saved();
  }
});

test('what a provider writes while its token is yet to come is saved once it has come', async (context) => {
  const server = await serve_with_tokens(context);
  let give;
  const later = new Promise((resolve) => (give = resolve));
  const one = open(context, 'plan', { token: () => later }, server);
  one.text.insert(0, 'early');
  await pause(500);
  assert.equal(one.provider.synced, false);
  give(user('write'));
  await one.synced();
  await one.saved();
  await shows(await open(context, 'plan', { token: user('read') }, server).synced(), 'early');
});

test('the handshake has its messages in their order, each once', async (context) => {
  const name = document();
  const raw = await open_raw(context);
  raw.send(hocuspocus_frame(name, 2, 0, 'any', newest));
  raw.send(hocuspocus_frame(name, 0, 0, 1, new Uint8Array([0])));
  await until(() => kinds(raw, name).length >= 3, 'the answers');
  await pause(200);
  // Admitted, SyncStep2, SyncStep1; no presence, since nobody shows any.
  assert.deepEqual(kinds(raw, name), ['2.2', '0.1', '0.0']);
  raw.send(hocuspocus_frame(name, 0, 1, 2, new Uint8Array([0, 0])));
  await until(() => kinds(raw, name).includes('8.1'), 'the acknowledgement');
  assert.equal(kinds(raw, name).length, 4);
});

test('what waits for a token is bounded, by messages and by bytes', async (context) => {
  const server = await serve_with_tokens(context);
  const flood = async (count, size) => {
    const raw = await open_raw(context, server);
    for (let i = 0; i < count; ++i) raw.send(hocuspocus_frame(`flood-${i % 7}`, 5, 'A'.repeat(size)));
    return raw.close_reason(10_000);
  };
  assert.equal((await flood(2000, 16)).code, 4008);
  assert.equal((await flood(40, 64 * 1024)).code, 4008);
  // Behind a token the same passes.
  const raw = await open_raw(context, server);
  raw.send(hocuspocus_frame('plan', 2, 0, user('write')));
  await until(() => kinds(raw, 'plan').includes('2.2'), 'it is let in');
  for (let i = 0; i < 40; ++i) raw.send(hocuspocus_frame('plan', 5, 'A'.repeat(64 * 1024)));
  raw.send(new Uint8Array([9]));
  await raw.frame((frame) => frame.length === 1 && frame[0] === 10, 'a pong behind all that', 10_000);
  assert.equal(raw.closed_with, undefined);
});

test('frames that break the WebSocket protocol end their connection, and no other', async (context) => {
  const name = document();
  const witness = await open(context, name).synced();
  const broken = [['an opcode that there is not', [0x83, 0x80, 0, 0, 0, 0], 1002], ['a frame that is not masked', [0x82, 0x01, 0x09], 1002], ['text that is not UTF-8', [0x81, 0x84, 0, 0, 0, 0, 0xce, 0xba, 0xe1, 0xbd], 1007]];
  for (const [what, bytes, code] of broken) {
    const raw = await open_raw(context);
    raw.send(hocuspocus_frame(name, 2, 0, 'any'));
    await until(() => kinds(raw, name).includes('2.2'), 'it is let in');
    raw.socket._socket.write(Buffer.from(bytes));
    assert.equal((await raw.close_reason()).code, code, what);
  }
  witness.text.insert(0, 'still here');
  await witness.saved();
  assert.equal(witness.socket.closes.length, 0);
});

test('the sessions of one document are closed, and those of another are not', async (context) => {
  const [name, another] = [document(), document()];
  const one = await open(context, name).synced();
  const two = await open(context, another).synced();
  const { status, json } = await ask_admin(own.server, '/api/v1/sessions/close', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ document: name }),
  });
  assert.equal(status, 200, JSON.stringify(json));
  await until(() => one.socket.closes.length > 0 || one.closed.length > 0, 'one is closed');
  assert.equal(two.socket.closes.length, 0);
  await until(() => one.provider.synced, 'and comes back by itself');
  one.text.insert(0, 'back');
  await one.saved();
});

test('sessions are counted, several on one socket each for itself', async (context) => {
  const { server } = await own_server(context, { 'document.idle_grace': '0s' });
  // The connection that carries sessions is listed, too, without documents.
  const count = async () => (await ask_admin(server, '/api/v1/sessions')).json.sessions.flatMap(({ documents }) => documents).sort().join();
  const socket = open_socket(context, {}, server);
  const clients = [];
  for (const name of ['a', 'a', 'b']) clients.push(await open(context, name, { socket, sessionAwareness: true }, server).synced());
  clients.push(await open(context, 'b', {}, server).synced());
  assert.equal(await count(), 'a,a,b,b');
  for (const client of clients.slice(0, 3)) client.provider.destroy();
  await until(async () => (await count()) === 'b', 'three have left');
  assert.equal(socket.closes.length, 0);
});

test('a name may have any characters', async (context) => {
  for (const name of ['with/slashes/', 'with spaces and ü', 'percent%20 %', '🌍'.repeat(50), '../a']) {
    const one = await open(context, name).synced();
    one.text.insert(0, name);
    await one.saved();
    const { status } = await ask_admin(own.server, `/api/v1/documents/${encodeURIComponent(name)}/export`);
    assert.equal(status, 200, name);
    await shows(await open(context, name, { version: '2.15.3' }).synced(), name);
  }
});
