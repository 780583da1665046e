// Presence: awareness states arrive, change and disappear, whatever way their client leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { raw_socket, yjs_client } from './support/clients.mjs';
import { use_server } from './support/fixture.mjs';
import {
  awareness_frame, awareness_states, frame_type, hex, message, same_bytes, sync_step1,
} from './support/frames.mjs';
import { start_server } from './support/server.mjs';
import { until } from './support/wait.mjs';

const use = use_server();

/** Waits until `observer` sees `expected` as the state of `subject` (undefined: sees none). */
async function sees(observer, subject, expected, what) {
  const state = () => JSON.stringify(observer.awareness.getStates().get(subject.doc.clientID));
  await until(() => state() === JSON.stringify(expected), what, 5000, state);
}

test('states arrive, change, and go when the client sets null', async () => {
  const document = use.document();
  const alice = await use.client(document).synced();
  const bob = await use.client(document).synced();
  alice.awareness.setLocalState({ name: 'Alice', cursor: { line: 1, column: 2 } });
  await sees(bob, alice, { name: 'Alice', cursor: { line: 1, column: 2 } }, 'Bob sees Alice');
  bob.awareness.setLocalState({ name: 'Bob 😀' });
  await sees(alice, bob, { name: 'Bob 😀' }, 'Alice sees Bob');
  alice.awareness.setLocalStateField('cursor', { line: 3, column: 4 });
  await sees(bob, alice, { name: 'Alice', cursor: { line: 3, column: 4 } }, 'Bob sees the cursor move');
  alice.awareness.setLocalState(null);
  await sees(bob, alice, undefined, 'Bob sees Alice hide');
  alice.awareness.setLocalState({ name: 'Alice again' });
  await sees(bob, alice, { name: 'Alice again' }, 'Bob sees Alice return');
});

test('a late joiner sees who is there', async () => {
  const document = use.document();
  const early = await use.client(document).synced();
  early.awareness.setLocalState({ name: 'Early' });
  const witness = await use.client(document).synced();
  await sees(witness, early, { name: 'Early' }, 'the server has the state');
  const late = await use.client(document).synced();
  await sees(late, early, { name: 'Early' }, 'the late joiner sees it');
});

test('a query is answered with the states of all', async () => {
  const document = use.document();
  const alice = await use.client(document).synced();
  alice.awareness.setLocalState({ name: 'Alice' });
  const witness = await use.client(document).synced();
  await sees(witness, alice, { name: 'Alice' }, 'the server has the state');
  const socket = await use.raw(`/${document}`).open();
  socket.send(hex('03'));
  const about_alice = (frame) =>
    frame_type(frame).type === message.awareness &&
    awareness_states(frame).some((one) => one.client === alice.doc.clientID && one.state?.name === 'Alice');
  await socket.frame(about_alice, 'the answer names Alice');
});

test('the sender gets its own awareness back', async () => {
  const socket = await use.raw(`/${use.document()}`).open();
  socket.send(sync_step1());
  const frame = awareness_frame(hex('01 07 01 02 7b 7d')); // client 7, clock 1, {}
  socket.send(frame);
  await socket.frame((received) => same_bytes(received, frame), 'the echo arrives');
});

test('a state goes within seconds when the socket of its client is cut', async () => {
  const document = use.document();
  const victim = await use.client(document).synced();
  const observer = await use.client(document).synced();
  victim.awareness.setLocalState({ name: 'Victim' });
  await sees(observer, victim, { name: 'Victim' }, 'the observer sees the victim');
  victim.vanish();
  await sees(observer, victim, undefined, 'the state is gone');
});

test('a state goes when its client disconnects, and returns with it', async () => {
  const document = use.document();
  const leaver = await use.client(document).synced();
  const observer = await use.client(document).synced();
  leaver.awareness.setLocalState({ name: 'Leaver' });
  await sees(observer, leaver, { name: 'Leaver' }, 'the observer sees it');
  leaver.disconnect();
  await sees(observer, leaver, undefined, 'the state is gone');
  leaver.connect();
  leaver.awareness.setLocalState({ name: 'Leaver', back: true });
  await sees(observer, leaver, { name: 'Leaver', back: true }, 'the state is back');
});

test('an outdated state does not replace a newer one', async () => {
  const document = use.document();
  const observer = await use.client(document).synced();
  const socket = await use.raw(`/${document}`).open();
  socket.send(sync_step1());
  socket.send(awareness_frame(hex('01 07 05 07 7b 22 61 22 3a 35 7d'))); // client 7, clock 5, {"a":5}
  socket.send(awareness_frame(hex('01 07 04 07 7b 22 61 22 3a 34 7d'))); // client 7, clock 4, {"a":4}
  socket.send(awareness_frame(hex('01 08 01 02 7b 7d'))); // client 8: a sign that both have been read
  await until(() => observer.awareness.getStates().has(8), 'the later frame went through');
  assert.deepEqual(observer.awareness.getStates().get(7), { a: 5 });
});

test('twenty clients all see each other', async () => {
  const document = use.document();
  const clients = Array.from({ length: 20 }, () => use.client(document));
  await Promise.all(clients.map((client) => client.synced()));
  clients.forEach((client, index) => client.awareness.setLocalState({ index }));
  await until(
    () => clients.every((client) => client.awareness.getStates().size === clients.length),
    'everybody sees everybody',
  );
  for (const client of clients) {
    for (const other of clients) {
      await sees(client, other, { index: clients.indexOf(other) }, 'the right state');
    }
  }
  for (const client of clients.slice(1)) client.vanish();
  await until(() => clients[0].awareness.getStates().size === 1, 'only the last one is left');
});

test('a state goes when its client is silent for heartbeat.timeout, although its socket is open', async (context) => {
  // Wide enough for a busy machine: the observer must find the time to answer.
  const server = await start_server({ 'heartbeat.interval': '1s', 'heartbeat.timeout': '5s' });
  context.after(() => server.stop());
  const observer = new yjs_client(server.url, 'heartbeat');
  context.after(() => observer.destroy());
  await observer.synced();
  const frozen = await new raw_socket(server.url, '/heartbeat').open();
  context.after(() => frozen.destroy());
  frozen.send(awareness_frame(hex('01 07 01 02 7b 7d'))); // client 7, clock 1, {}
  await until(() => observer.awareness.getStates().has(7), 'the state arrives');
  frozen.socket.pause(); // reads nothing any more, so it answers no ping
  await until(() => !observer.awareness.getStates().has(7), 'the state is gone', 20000);
  assert.deepEqual(observer.closes, [], 'who answers stays');
});
