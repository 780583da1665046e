// A client whose reading is paused by the rate, and that then leaves: with what it sent, and without harm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { converged } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { awareness_frame, hex, sync_step1, update_frame } from './support/frames.mjs';
import { opcode, tcp_peer } from './support/tcp_peer.mjs';
import { pause, until } from './support/wait.mjs';

const rate = { 'limits.messages_per_second': 100, 'limits.edit_burst': 10 };
const showing_ghost = awareness_frame(Buffer.concat([hex('01 07 01 10'), Buffer.from('{"name":"ghost"}')]));

/** A peer that has sent `count` edits at once, a character and `more` each, behind its presence. */
async function flooding(use, document, count, more = '') {
  const peer = await use.track(new tcp_peer(use.server.port)).upgrade(`/${document}`);
  peer.socket.cork();
  peer.send(sync_step1());
  peer.send(showing_ghost);
  const doc = new Y.Doc();
  doc.on('update', (update) => peer.send(update_frame(update)));
  for (let i = 0; i < count; ++i) doc.getText('text').insert(i * (1 + more.length), String.fromCharCode(97 + (i % 26)) + more);
  peer.socket.uncork();
  return { peer, doc };
}

const partings = {
  'closes its TCP connection': (peer) => peer.socket.end(),
  'says goodbye': (peer) => peer.send(Buffer.from([0x03, 0xe8]), opcode.close),
};
for (const [what, part] of Object.entries(partings)) {
  test(`all that a paused client sent before it ${what} takes effect`, async (context) => {
    const use = await own_server(context, rate);
    const observer = await use.client('a').synced();
    const { peer, doc } = await flooding(use, 'a', 150);
    part(peer);
    await until(() => observer.awareness.getStates().has(7), 'its presence is seen');
    await until(() => observer.text.length === 150, 'all arrives', 5000, () => `${observer.text.length} of 150`);
    assert.equal(observer.text.toString(), doc.getText('text').toString());
    await until(() => !observer.awareness.getStates().has(7), 'its presence goes behind it');
    await peer.end();
  });
}

test('what was read of a paused client that is reset takes effect, in order and without a gap', async (context) => {
  const use = await own_server(context, rate);
  const observer = await use.client('a').synced();
  const { peer, doc } = await flooding(use, 'a', 150);
  await until(() => observer.text.length > 10, 'some of it has arrived'); // so all of it has been read
  peer.socket.resetAndDestroy();
  await until(() => !observer.awareness.getStates().has(7), 'its presence is gone', 8000);
  assert.equal(observer.text.toString(), doc.getText('text').toString());
  observer.text.insert(0, 'goes on ');
  const fresh = await use.client('a').synced();
  await converged([observer, fresh]);
});

test('a flood larger than what is read at once arrives whole and in order, while others keep the server busy', async (context) => {
  const use = await own_server(context, { 'limits.messages_per_second': 2000, 'limits.edit_burst': 10 });
  const observer = await use.client('a').synced();
  const noisy = await Promise.all(Array.from({ length: 5 }, (_, i) => use.client(`noise-${i % 2}`).synced()));
  const timer = setInterval(() => noisy.forEach((client) => client.text.insert(0, 'noise')), 2);
  context.after(() => clearInterval(timer));
  const { peer, doc } = await flooding(use, 'a', 4000, 'some more text, so that it takes some room: ');
  assert.ok(peer.socket.bytesWritten > 4 * 32 * 1024);
  await until(() => observer.text.length === doc.getText('text').length, 'all arrives', 15000, () => `${observer.text.length}; ${peer.is_closed}`);
  assert.equal(observer.text.toString(), doc.getText('text').toString());
  assert.ok(!peer.is_closed);
});

test('a hundred clients that flood and vanish harm neither the document nor the server', async (context) => {
  const use = await own_server(context, rate);
  const [writer, reader] = [await use.client('a').synced(), await use.client('a').synced()];
  const floods = await Promise.all(Array.from({ length: 100 }, () => flooding(use, 'a', 40)));
  writer.text.insert(0, 'calm');
  await pause(50);
  floods.forEach(({ peer }, i) => (i % 2 ? peer.socket.resetAndDestroy() : peer.socket.end()));
  await until(() => !reader.awareness.getStates().has(7), 'all have gone', 10000);
  const arrived = ({ doc }) => Y.decodeStateVector(Y.encodeStateVector(reader.doc)).get(doc.clientID) ?? 0;
  const whole = floods.filter((_, i) => i % 2 === 0);
  const all = () => whole.every((one) => arrived(one) === 40);
  await until(all, 'of those who closed everything is there', 10000, () => `${whole.map(arrived)}`);
  for (const { doc } of floods) Y.applyUpdate(reader.doc, Y.encodeStateAsUpdate(doc)); // the ends of those who were cut off
  await converged([writer, reader, await use.client('a').synced()]);
  assert.deepEqual([writer.closes, reader.closes], [[], []]);
});

test('a paused client that comes back with a new connection sends nothing twice and loses nothing', async (context) => {
  const use = await own_server(context, rate);
  const reader = await use.client('a').synced();
  const client = await use.client('a').synced();
  for (let i = 0; i < 150; ++i) client.text.insert(i, String.fromCharCode(97 + (i % 26)));
  await pause(100);
  const expected = client.text.toString();
  client.provider.ws.terminate(); // its provider reconnects by itself
  await until(() => reader.text.toString() === expected, 'all arrives', 10000, () => `${reader.text.length} of 150`);
  await client.synced();
  await converged([reader, client]);
});
