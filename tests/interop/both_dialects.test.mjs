// One socket that speaks both dialects: binary about the document of its URL, JSON about that and others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { use_server } from './support/fixture.mjs';
import { awareness_frame, awareness_states, frame_type, hex, message, sync_step1, update_frame } from './support/frames.mjs';
import { from_base64, use_json, writing } from './support/json_client.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server({ 'limits.messages_per_second': 0 });
const json = use_json(use);

/** A client of both dialects that has joined `document` in both. */
async function both_on(document) {
  const client = await json(`/${document}`);
  client.speaks_binary = true;
  await client.join();
  client.raw.send(sync_step1());
  await until(() => binary_of(client, message.sync).length >= 2, 'both halves of the binary answer');
  return client;
}

const binary_frames = (client) => client.raw.frames.filter((frame) => typeof frame !== 'string');
const binary_of = (client, type) => binary_frames(client).filter((frame) => frame_type(frame).type === type);
const as_frame = (update) => update_frame(from_base64(update));

/** All awareness states that came in binary frames, the last of each client. */
const shown_in_binary = (client) =>
  new Map(binary_of(client, message.awareness).flatMap(awareness_states).map(({ client: id, state }) => [id, state]));

/** An awareness frame by which client 9 shows `state` at `clock`. */
function showing(state, clock = 1) {
  const text = Buffer.from(JSON.stringify(state));
  return awareness_frame(Buffer.concat([hex('01 09'), Buffer.from([clock, text.length]), text]));
}

test('it hears an update of another once in each dialect', async () => {
  const document = use.document();
  const client = await both_on(document);
  const other = await use.client(document).synced();
  const before = binary_of(client, message.sync).length;
  other.text.insert(0, 'hello');
  await until(() => client.of('update').length === 1 && binary_of(client, message.sync).length === before + 1, 'both hear it');
  await client.do({ type: 'sync' });
  assert.equal(client.of('update').length, 1);
  assert.equal(client.text(), 'hello');
});

test('its own updates go to all others; that it sent in binary comes back, once it is stored, and that in JSON is acknowledged', async () => {
  const document = use.document();
  const client = await both_on(document);
  const [provider, listener] = [await use.client(document).synced(), await json(`/${document}`)];
  await listener.join();
  const before = binary_of(client, message.sync).length;
  const doc = new Y.Doc();
  client.raw.send(as_frame(writing('binary ', { doc })));
  await client.do({ type: 'update', payload: { update: writing('json', { doc, index: 7 }) } });
  await until(() => provider.text.toString() === 'binary json' && listener.text() === 'binary json', 'both arrive');
  await until(() => binary_of(client, message.sync).length === before + 1, 'its echo (docs/adr/0004)');
  await client.do({ type: 'sync' });
  assert.equal(binary_of(client, message.sync).length, before + 1);
  assert.deepEqual(client.of('update'), []);
});

test('what it sent in one dialect comes before what it sends in the other', async () => {
  const client = await both_on(use.document());
  const doc = new Y.Doc();
  for (let i = 0; i < 50; ++i) {
    client.raw.send(as_frame(writing('b', { doc, index: i })));
    client.send({ type: 'sync', messageId: `order-${i}` });
  }
  await client.answer('order-49');
  const answers = client.of('sync').slice(-50).map(({ payload }) => {
    const read = new Y.Doc();
    Y.applyUpdate(read, from_base64(payload.update));
    return read.getText('text').length;
  });
  assert.deepEqual(answers, Array.from({ length: 50 }, (_, i) => i + 1));
});

test('it hears presence in both dialects, and what it shows in both vanishes with it', async () => {
  const document = use.document();
  const client = await both_on(document);
  const [provider, listener] = [await use.client(document).synced(), await json(`/${document}`)];
  await listener.join();
  provider.awareness.setLocalState({ name: 'provider' });
  await client.shown({ name: 'provider' });
  await until(() => shown_in_binary(client).get(provider.doc.clientID)?.name === 'provider', 'binary hears it');
  client.raw.send(showing({ name: 'in binary' }));
  await client.do({ type: 'presence', payload: { name: 'in json' } });
  const id = await listener.shown({ name: 'in json' });
  assert.equal(await listener.shown({ name: 'in binary' }), 9);
  const names = () => [...provider.awareness.getStates().values()].map((state) => state.name).sort();
  await until(() => names().join() === 'in binary,in json,provider', 'the provider sees both', 5000, () => names().join());
  await client.do({ type: 'presence', payload: null });
  await listener.hidden(id);
  assert.ok(listener.presence().has(9), 'clearing one leaves the other');
  await client.do({ type: 'presence', payload: { name: 'in json' } });
  client.destroy();
  await listener.hidden(id);
  await listener.hidden(9);
  await until(() => names().join() === 'provider', 'the provider sees neither', 5000, () => names().join());
});

test('it hears another document in the dialect in which it joined that', async () => {
  const [document, other] = [use.document(), use.document()];
  const client = await both_on(document);
  await client.join(other);
  const before = binary_frames(client).length;
  const author = await use.client(other).synced();
  author.awareness.setLocalState({ name: 'author' });
  author.text.insert(0, 'other');
  await until(() => client.text(other) === 'other', 'JSON hears it');
  await client.shown({ name: 'author' }, other);
  await pause(50);
  assert.equal(binary_frames(client).length, before, 'a binary frame names no document, so it must not be about another');
  assert.equal(client.text(document), '');
});

test('who spoke binary only gets binary frames only, until it speaks JSON', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  client.speaks_binary = true;
  client.raw.send(sync_step1());
  const other = await json(`/${document}`);
  await other.join();
  await other.do({ type: 'update', payload: { update: writing('update') } });
  await other.do({ type: 'update', payload: 'event' });
  await other.do({ type: 'presence', payload: 'presence' });
  await until(() => shown_in_binary(client).size > 0, 'binary hears the presence');
  assert.deepEqual(client.messages, []);
  assert.deepEqual(await client.refused({ type: 'update', payload: 'early' }, 'NOT_JOINED').then(({ code }) => code), 'NOT_JOINED');
  await other.do({ type: 'update', payload: 'between' });
  await client.join();
  await other.do({ type: 'update', payload: 'late' });
  await client.event((payload) => payload === 'late');
  assert.deepEqual(client.events(), ['late']);
});

test('a mistake in JSON is an error, one in binary the end of both', async () => {
  const document = use.document();
  const client = await both_on(document);
  const witness = await use.client(document).synced();
  await client.do({ type: 'presence', payload: 'here' });
  await client.refused({ type: 'update', payload: { update: '/////w==' } }, 'INVALID_UPDATE');
  client.raw.send(as_frame(writing('fine')));
  await until(() => witness.text.toString() === 'fine', 'binary goes on');
  client.raw.send(hex('00 02 7f 01'));
  client.send({ type: 'update', payload: { update: writing('behind the mistake') } });
  assert.equal((await client.raw.close_reason()).code, 4400);
  await until(() => [...witness.awareness.getStates().values()].every((state) => state !== 'here'), 'its presence is gone');
  assert.equal(witness.text.toString(), 'fine');
  assert.deepEqual(witness.closes, []);
});

test('at / JSON works, and the first binary frame ends it with 4404', async () => {
  const client = await json('/');
  const document = use.document();
  await client.join(document);
  await client.do({ type: 'update', docName: document, payload: { update: writing('kept') } });
  client.raw.send(sync_step1());
  assert.equal((await client.raw.close_reason()).code, 4404);
  const reader = await use.client(document).synced();
  assert.equal(reader.text.toString(), 'kept');
});
