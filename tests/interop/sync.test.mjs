// Text and state between real y-websocket clients: at once, late, after being offline, in a crowd, and
// across a restart of the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assert_same_state, converged, random_edit, random_source } from './support/documents.mjs';
import { use_server } from './support/fixture.mjs';
import { frame_type, message, sync, sync_step1 } from './support/frames.mjs';
import { start_server } from './support/server.mjs';
import { yjs_client } from './support/clients.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();

test('two clients that type at the same time converge', async () => {
  const document = use.document();
  const left = await use.client(document).synced();
  const right = await use.client(document).synced();
  for (let i = 0; i < 50; i++) {
    left.text.insert(0, `l${i} `);
    right.text.insert(right.text.length, ` r${i}`);
    if (i % 10 === 0) await pause(1);
  }
  await converged([left, right]);
  for (let i = 0; i < 50; i++) {
    assert.ok(left.text.toString().includes(`l${i} `) && left.text.toString().includes(` r${i}`));
  }
});

test('a late joiner gets everything, deletions included', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  author.text.insert(0, 'keep drop keep');
  author.text.delete(4, 5);
  author.doc.getMap('map').set('key', { deep: [1, 2] });
  author.doc.getMap('map').set('gone', true);
  author.doc.getMap('map').delete('gone');
  const joiner = await use.client(document).synced();
  await converged([author, joiner]);
  assert.equal(joiner.text.toString(), 'keep keep');
  assert.deepEqual(joiner.doc.getMap('map').toJSON(), { key: { deep: [1, 2] } });
});

test('what the last client wrote is there for the next one after all have left', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  const witness = await use.client(document).synced();
  author.text.insert(0, 'still here');
  await until(() => witness.text.length > 0, 'the edit went through the server');
  use.close_all();
  await pause(100);
  const reader = await use.client(document).synced();
  assert.equal(reader.text.toString(), 'still here');
});

test('a client that was offline for a while merges both ways', async () => {
  const document = use.document();
  const traveller = await use.client(document).synced();
  const stayer = await use.client(document).synced();
  traveller.text.insert(0, 'common');
  await converged([traveller, stayer]);
  traveller.disconnect();
  traveller.text.insert(0, 'offline ');
  traveller.text.delete(traveller.text.length - 1, 1);
  stayer.text.insert(stayer.text.length, ' online');
  await pause(50);
  assert.ok(!stayer.text.toString().includes('offline'));
  traveller.connect();
  await traveller.synced();
  await converged([traveller, stayer]);
  assert.equal(stayer.text.toString(), 'offline commo online');
});

test('deletions alone cross a reconnect', async () => {
  const document = use.document();
  const traveller = await use.client(document).synced();
  const stayer = await use.client(document).synced();
  traveller.text.insert(0, 'abcdef');
  await converged([traveller, stayer]);
  traveller.disconnect();
  traveller.text.delete(0, 2);
  stayer.text.delete(4, 2);
  traveller.connect();
  await until(() => traveller.text.toString() === 'cd' && stayer.text.toString() === 'cd', 'both hold "cd"');
  assert_same_state(traveller.doc, stayer.doc);
});

test('twenty clients with random edits converge', async () => {
  const document = use.document();
  const random = random_source(20);
  const clients = Array.from({ length: 20 }, () => use.client(document));
  await Promise.all(clients.map((client) => client.synced()));
  for (let round = 0; round < 30; round++) {
    for (const client of clients) random_edit(client.doc, random);
    // Some of them drop out now and then and come back with what they did meanwhile.
    const wanderer = clients[Math.floor(random() * clients.length)];
    if (wanderer.provider.shouldConnect) wanderer.disconnect();
    else wanderer.connect();
    await pause(2);
  }
  for (const client of clients) client.connect();
  await Promise.all(clients.map((client) => client.synced()));
  await converged(clients, 15000);
  const joiner = await use.client(document).synced();
  await converged([clients[0], joiner]);
  assert.deepEqual(joiner.doc.getArray('array').toJSON(), clients[0].doc.getArray('array').toJSON());
});

test('documents do not leak into each other', async () => {
  const one = await use.client(use.document()).synced();
  const other = await use.client(use.document()).synced();
  one.text.insert(0, 'one');
  other.text.insert(0, 'other');
  await pause(100);
  assert.equal(one.text.toString(), 'one');
  assert.equal(other.text.toString(), 'other');
});

test('the server says nothing before the first frame of a client, then answers and asks', async () => {
  const socket = await use.raw(`/${use.document()}`).open();
  await pause(200);
  assert.equal(socket.frames.length, 0);
  socket.send(sync_step1());
  const is_sync = (subtype) => (frame) =>
    frame_type(frame).type === message.sync && frame_type(frame).subtype === subtype;
  await socket.frame(is_sync(sync.step2), 'the answer, SyncStep2');
  await socket.frame(is_sync(sync.step1), 'the server asks back with SyncStep1');
});

test('an edit reaches the others as an update frame, not as the whole state', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  author.text.insert(0, 'a long text that is there already');
  const socket = await use.raw(`/${document}`).open();
  socket.send(sync_step1());
  await until(() => socket.frames.length >= 2, 'the raw socket has joined');
  socket.frames.length = 0;
  author.text.insert(0, 'x');
  const is_update = (frame) =>
    frame_type(frame).type === message.sync && frame_type(frame).subtype === sync.update;
  const update = await socket.frame(is_update, 'the update arrives');
  assert.ok(update.length < 30, `an update of one letter has ${update.length} bytes`);
});

test('clients bring their state back after the server lost it in a restart', async (context) => {
  const first = await start_server();
  context.after(() => first.kill());
  const left = new yjs_client(first.url, 'restarted');
  const right = new yjs_client(first.url, 'restarted');
  context.after(() => [left, right].forEach((client) => client.destroy()));
  await Promise.all([left.synced(), right.synced()]);
  left.text.insert(0, 'before ');
  await converged([left, right]);
  await first.stop();
  await until(() => !left.provider.wsconnected && !right.provider.wsconnected, 'both noticed');
  left.text.insert(left.text.length, 'left ');
  right.text.insert(right.text.length, 'right ');

  const second = await start_server({ 'server.port': first.port });
  context.after(() => second.stop());
  await Promise.all([left.synced(10000), right.synced(10000)]);
  await converged([left, right]);
  const fresh = new yjs_client(second.url, 'restarted');
  context.after(() => fresh.destroy());
  await fresh.synced();
  await converged([fresh, left]);
  for (const word of ['before ', 'left ', 'right ']) assert.ok(fresh.text.toString().includes(word));
});
