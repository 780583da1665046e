// Presence: awareness states arrive, change and disappear, whatever way their client leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as broadcast_channel from 'lib0/broadcastchannel';

import { raw_socket, yjs_client } from './support/clients.mjs';
import { use_server } from './support/fixture.mjs';
import {
  awareness_frame, awareness_states, awareness_update, frame_type, hex, message, same_bytes, sync_step1,
} from './support/frames.mjs';
import { half_open_proxy } from './support/half_open_proxy.mjs';
import { start_server } from './support/server.mjs';
import { docs, serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until } from './support/wait.mjs';

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
  // Under a later clock, which nobody knows from elsewhere; the client counts to it when it hears that it is gone.
  const is = (bytes) => (received) => same_bytes(received, awareness_frame(hex(bytes)));
  await socket.frame(is('01 07 03 04 6e 75 6c 6c'), 'it hears that it is gone');
  await socket.frame(is('01 07 04 02 7b 7d'), 'the echo arrives');
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

test('the presence of a client that is here is changed by its own session only', async () => {
  const document = use.document();
  const victim = await use.client(document).synced();
  const watcher = await use.client(document).synced();
  victim.awareness.setLocalState({ name: 'Victim' });
  await sees(watcher, victim, { name: 'Victim' }, 'the watcher sees the victim');
  const attacker = await use.raw(`/${document}`).open();
  attacker.send(sync_step1());
  attacker.send(awareness_frame(awareness_update([{ client: 5, clock: 1, state: { name: 'Attacker' } }])));
  const { clientID: client } = victim.doc;
  for (const clock of [100, 2 ** 53 - 1])
    for (const state of [{ name: 'Nobody' }, null])
      attacker.send(awareness_frame(awareness_update([{ client, clock, state }])));
  victim.awareness.setLocalState({ name: 'Still me' });
  await sees(watcher, victim, { name: 'Still me' }, 'the victim goes on');
  await pause(200);
  assert.deepEqual(watcher.awareness.getStates().get(client), { name: 'Still me' });
  assert.deepEqual(victim.awareness.getLocalState(), { name: 'Still me' });
  assert.deepEqual(victim.closes, []);
});

test('a tab that leaves is gone, although another tab of its browser told of it first', async () => {
  const document = use.document();
  const watcher = await use.client(document).synced();
  const stays = await use.client(document, { disableBc: false }).synced();
  stays.awareness.setLocalState({ name: 'stays' });
  // Both tabs hear each other at once; the server hears of the second one from the first.
  const leaves = use.client(document, { disableBc: false, connect: false });
  leaves.awareness.setLocalState({ name: 'leaves' });
  leaves.connect();
  await leaves.synced();
  leaves.awareness.setLocalState({ name: 'leaves soon' });
  await sees(watcher, leaves, { name: 'leaves soon' }, 'the watcher sees both');
  await sees(watcher, stays, { name: 'stays' }, 'the watcher sees both');
  // Without a word to the other tab, as when a browser ends a tab.
  broadcast_channel.unsubscribe(leaves.provider.bcChannel, leaves.provider._bcSubscriber);
  leaves.provider.bcconnected = false;
  leaves.vanish();
  await sees(watcher, leaves, undefined, 'the tab is gone');
  assert.deepEqual(watcher.awareness.getStates().get(stays.doc.clientID), { name: 'stays' });
});

test('a tab that leaves takes nothing of another tab along that it told of', async () => {
  const document = use.document();
  const watcher = await use.client(document).synced();
  const shown = await use.client(document).synced();
  shown.awareness.setLocalState({ name: 'shown' });
  await sees(watcher, shown, { name: 'shown' }, 'the watcher sees it');
  const { clientID: client } = shown.doc;
  const teller = await use.raw(`/${document}`).open();
  teller.send(sync_step1());
  teller.send(awareness_frame(awareness_update([{ client: 5, clock: 1, state: {} }])));
  const clock = watcher.awareness.meta.get(client).clock;
  teller.send(awareness_frame(awareness_update([{ client, clock: clock + 1, state: { name: 'told' } }])));
  await until(() => watcher.awareness.getStates().has(5), 'the watcher sees the teller');
  teller.destroy();
  await until(() => !watcher.awareness.getStates().has(5), 'the teller is gone');
  assert.deepEqual(watcher.awareness.getStates().get(client), { name: 'shown' });
});

test('a client whose old connection is not known to be dead is shown, and stays when that one ends', async () => {
  const document = use.document();
  const watcher = await use.client(document).synced();
  const says = (socket, clock, name) =>
    socket.send(awareness_frame(awareness_update([{ client: 77, clock, state: name && { name } }])));
  const seen = () => watcher.awareness.getStates().get(77)?.name;
  const dead = await use.raw(`/${document}?userId=ada`).open();
  dead.send(sync_step1());
  says(dead, 5, 'before');
  await until(() => seen() === 'before', 'the watcher sees the client');
  const back = await use.raw(`/${document}?userId=ada`).open();
  back.send(sync_step1());
  says(back, 6, 'back');
  await until(() => seen() === 'back', 'the watcher sees it come back');
  says(dead, 5, null); // what was under way when the line broke
  dead.destroy();
  says(back, 7, 'still here');
  await until(() => seen() === 'still here', 'it goes on');
  await pause(200);
  assert.equal(seen(), 'still here');
  back.destroy();
  await until(() => seen() === undefined, 'it is gone with its own connection');
});

/**
 * A client without `userId` whose connection dies without the server's knowing, and that is back; a watcher; every state of
 * the client that the watcher sees from then on; what ends the old connection for the server.
 */
async function half_open_client(context) {
  const document = use.document();
  const proxy = await half_open_proxy.before(use.server.port, context);
  const watcher = await use.client(document).synced();
  const client = use.client(document, { url: proxy.url });
  await client.synced();
  client.awareness.setLocalState({ move: 0 });
  await sees(watcher, client, { move: 0 }, 'the watcher sees the client');
  const seen = [];
  watcher.awareness.on('change', () => seen.push(watcher.awareness.getStates().get(client.doc.clientID)?.move));
  const old_socket = client.provider.ws;
  const end_old = proxy.cut();
  await until(() => client.provider.ws !== old_socket && client.provider.wsconnected, 'it is back', 10000);
  return { client, watcher, seen, end_old };
}

for (const moves of [0, 1, 5])
  test(`a client without a user that is back and moves ${moves} times stays when its old connection is cleared away`, async (context) => {
    const { client, watcher, seen, end_old } = await half_open_client(context);
    for (let move = 1; move <= moves; ++move) client.awareness.setLocalState({ move });
    await client.synced();
    await pause(100);
    end_old();
    await sees(watcher, client, { move: moves }, 'it is shown at once');
    client.awareness.setLocalState({ move: 'on' });
    await sees(watcher, client, { move: 'on' }, 'it goes on');
    await pause(300);
    assert.ok(!seen.includes(undefined), `it was never gone: ${seen}`);
    assert.deepEqual(client.awareness.getLocalState(), { move: 'on' });
    client.vanish();
    await sees(watcher, client, undefined, 'it is gone with its own connection');
  });

test('a client without a user is shown after a second, though its old connection is not cleared away', async (context) => {
  const { client, watcher, seen } = await half_open_client(context);
  client.awareness.setLocalState({ move: 1 });
  await until(() => seen.at(-1) === 1, 'it is shown', 3000, () => `${seen}`);
  for (let move = 2; move <= 5; ++move) {
    client.awareness.setLocalState({ move });
    await sees(watcher, client, { move }, 'it goes on');
  }
  assert.ok(!seen.includes(undefined), `it was never gone: ${seen}`);
});

test('nobody takes over a client that is there and silent', async () => {
  const document = use.document();
  const watcher = await use.client(document).synced();
  const silent = await use.client(document).synced();
  silent.awareness.setLocalState({ name: 'silent' });
  await sees(watcher, silent, { name: 'silent' }, 'the watcher sees it');
  const stranger = await use.raw(`/${document}`).open();
  stranger.send(sync_step1());
  stranger.send(awareness_frame(awareness_update([{ client: silent.doc.clientID, clock: 100, state: { name: 'stranger' } }])));
  await pause(2500);
  assert.deepEqual(watcher.awareness.getStates().get(silent.doc.clientID), { name: 'silent' });
});

test('a client whose id a stranger has claimed meanwhile is shown as soon as that one leaves', async () => {
  const document = use.document();
  const client = await use.client(document).synced();
  client.awareness.setLocalState({ name: 'first' });
  const watcher = await use.client(document).synced();
  await sees(watcher, client, { name: 'first' }, 'the watcher sees it');
  client.disconnect();
  await sees(watcher, client, undefined, 'it is gone');
  const stranger = await use.raw(`/${document}`).open();
  stranger.send(sync_step1());
  stranger.send(awareness_frame(awareness_update([{ client: client.doc.clientID, clock: 1000, state: { name: 'fake' } }])));
  await sees(watcher, client, { name: 'fake' }, 'the stranger poses as it');
  client.connect();
  await client.synced();
  await pause(100);
  client.awareness.setLocalState({ name: 'second' });
  await pause(100);
  stranger.destroy();
  await sees(watcher, client, { name: 'second' }, 'it is shown at once');
  client.awareness.setLocalState({ name: 'third' });
  await sees(watcher, client, { name: 'third' }, 'it goes on');
});

test('where tokens say who is who, a session shows nobody but itself', async (context) => {
  const server = await serve_with_tokens(context);
  const params = (user) => ({ params: { token: token({ sub: user, ...docs('write') }) } });
  const watcher = new yjs_client(server.url, 'plan', params('watcher'));
  context.after(() => watcher.destroy());
  await watcher.synced();
  const mallory = await new raw_socket(server.url, `/plan?token=${params('mallory').params.token}`).open();
  context.after(() => mallory.destroy());
  mallory.send(sync_step1());
  const strangers = [1001, 1002, 1003].map((client) => ({ client, clock: 1, state: { user: { name: 'Boss' } } }));
  mallory.send(awareness_frame(awareness_update(strangers)));
  mallory.send(awareness_frame(awareness_update([{ client: 7, clock: 1, state: { name: 'Mallory' } }])));
  for (const one of strangers) mallory.send(awareness_frame(awareness_update([{ ...one, clock: 2 }])));
  await until(() => watcher.awareness.getStates().has(7), 'the watcher sees its own client');
  await pause(200);
  const seen = () => [...watcher.awareness.getStates().keys()].filter((client) => client !== watcher.doc.clientID);
  assert.deepEqual(seen(), [7]);
  mallory.destroy();
  await until(() => seen().length === 0, 'that one goes with it');
});

test('two strangers that say they are a client take nothing from it', async () => {
  const document = use.document();
  const victim = await use.client(document).synced();
  const watcher = await use.client(document).synced();
  victim.awareness.setLocalState({ user: 'victim', move: 0 });
  await sees(watcher, victim, { user: 'victim', move: 0 }, 'the watcher sees the victim');
  const { clientID: client } = victim.doc;
  for (const clock of [100, 1000]) {
    const stranger = await use.raw(`/${document}`).open();
    stranger.send(sync_step1());
    stranger.send(awareness_frame(awareness_update([{ client, clock, state: { user: 'stranger' } }])));
  }
  await pause(100);
  for (let move = 1; move <= 3; ++move) {
    victim.awareness.setLocalStateField('move', move);
    await sees(watcher, victim, { user: 'victim', move }, 'the victim goes on');
  }
});

test('a client that had hidden itself is seen when it shows itself again after a cut', async () => {
  const document = use.document();
  const client = await use.client(document).synced();
  const watcher = await use.client(document).synced();
  client.awareness.setLocalState({ name: 'first' });
  await sees(watcher, client, { name: 'first' }, 'the watcher sees it');
  client.disconnect();
  await sees(watcher, client, undefined, 'it is gone');
  const clock = client.awareness.meta.get(client.doc.clientID).clock;
  client.awareness.setLocalState(null);
  client.awareness.meta.get(client.doc.clientID).clock = clock - 1; // as if others knew it further on
  client.connect();
  await client.synced();
  client.awareness.setLocalState({ name: 'second' });
  await sees(watcher, client, { name: 'second' }, 'it is seen at once');
});

test('a client that invents thousands of others shuts nobody out', async () => {
  const document = use.document();
  const inventor = await use.raw(`/${document}`).open();
  inventor.send(sync_step1());
  const invented = Array.from({ length: 20_000 }, (_, i) => ({ client: 1000 + i, clock: 1, state: 0 }));
  inventor.send(awareness_frame(awareness_update(invented)));
  const newcomer = await use.client(document).synced();
  newcomer.awareness.setLocalState({ name: 'Newcomer' });
  const watcher = await use.client(document).synced();
  await sees(watcher, newcomer, { name: 'Newcomer' }, 'the newcomer is seen');
  assert.ok(watcher.awareness.getStates().size < 100, 'few of the invented ones are shown');
  newcomer.text.insert(0, 'edits');
  await until(() => watcher.text.toString() === 'edits', 'edits go on');
  assert.deepEqual(newcomer.closes, []);
});

test('presence of several MiB closes no newcomer that sends it back', async () => {
  const document = use.document();
  const people = await Promise.all(Array.from({ length: 12 }, () => use.client(document).synced()));
  for (const [i, each] of people.entries()) each.awareness.setLocalState({ name: `n${i}`, picture: 'x'.repeat(200_000) });
  const newcomer = await use.client(document).synced();
  for (const [i, each] of people.entries())
    await until(() => newcomer.awareness.getStates().get(each.doc.clientID)?.name === `n${i}`, `the newcomer sees person ${i}`, 10000);
  newcomer.text.insert(0, 'after its echoes');
  await until(() => people[0].text.toString() === 'after its echoes', 'its edit arrives', 10000);
  for (const each of [...people, newcomer]) assert.deepEqual(each.closes, []);
});
