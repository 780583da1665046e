// Acknowledgements and repeated messages of the JSON dialect: each message takes effect once, however often it is sent,
// and each sending is answered. Source: docs/json-dialect.md, Acknowledgements and Deduplication.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { use_server } from './support/fixture.mjs';
import { fresh_id, use_json, writing } from './support/json_client.mjs';
import { until } from './support/wait.mjs';

const use = use_server({ 'limits.messages_per_second': 0, 'document.idle_grace': '60s' });
const json = use_json(use);

/** A JSON client that has joined the document of its URL. */
async function joined(document, query = '') {
  const client = await json(`/${document}${query}`);
  await client.join();
  return client;
}

const update = (text, options) => ({ type: 'update', payload: { update: writing(text, options) } });

/** What somebody reads who comes now. */
async function text_of(document) {
  return (await joined(document)).text();
}

test('an update is acknowledged once it is there for whoever comes', async () => {
  const document = use.document();
  const client = await joined(document);
  const ack = await client.do({ ...update('stored'), messageId: 'first' });
  assert.deepEqual(ack, { type: 'ack', docName: document, payload: { messageId: 'first' } });
  assert.equal(await text_of(document), 'stored');
});

test('messages without a messageId are not acknowledged', async () => {
  const client = await joined(use.document());
  const before = client.of('ack').length;
  client.send(update('silent'));
  client.send({ type: 'presence', payload: 1 });
  client.send({ type: 'update', payload: 'event' });
  await client.do({ type: 'update', payload: 'marker' });
  assert.equal(client.of('ack').length, before + 1);
});

test('each of many updates in a row is acknowledged once', async () => {
  const document = use.document();
  const client = await joined(document);
  const doc = new Y.Doc();
  const ids = Array.from({ length: 50 }, fresh_id);
  ids.forEach((messageId, index) => client.send({ ...update('x', { doc, index }), messageId }));
  for (const id of ids) await client.answer(id);
  for (const id of ids) assert.equal(client.answers(id).length, 1);
  assert.equal((await text_of(document)).length, 50);
});

test('an update that leaves a gap is kept, not acknowledged, and says what is missing', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  const doc = new Y.Doc();
  const [first, lost, last] = ['a', 'b', 'c'].map((text, index) => update(text, { doc, index }));
  await client.do(first);
  const messageId = fresh_id();
  const missing = await client.refused({ ...last, messageId }, 'MISSING_UPDATES');
  const vector = Y.decodeStateVector(Buffer.from(missing.stateVector, 'base64'));
  assert.deepEqual([...vector], [[doc.clientID, 1]]);
  await client.do(lost);
  const ack = await client.ask({ ...last, messageId });
  assert.equal(ack.type, 'ack');
  await client.do({ type: 'update', payload: 'marker' });
  await other.event((payload) => payload === 'marker');
  assert.equal(other.text(), 'abc');
});

test('an update that changes nothing is acknowledged and not sent on', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  const known = update('known');
  await client.do(known);
  await client.do(known); // another messageId, but Yjs has it
  await client.do({ type: 'update', payload: { update: 'AAA=' } });
  await client.do({ type: 'update', payload: 'marker' });
  await other.event((payload) => payload === 'marker');
  assert.equal(other.of('update').length, 2, 'the update once, and the marker');
});

test('other updates with a known messageId are applied as well, and all are acknowledged', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  const messageId = fresh_id();
  await client.do({ ...update('first'), messageId });
  await client.do({ ...update('second'), messageId }); // other bytes, so that it would be seen
  await client.do({ ...update('third'), messageId });
  await client.do({ type: 'update', payload: 'marker' });
  await other.event((payload) => payload === 'marker');
  for (const text of [other.text(), await text_of(document)])
    assert.deepEqual(text.match(/first|second|third/g).sort(), ['first', 'second', 'third']);
  assert.equal(client.answers(messageId).length, 3);
});

test('a repetition sent before the first answer is answered as well', async () => {
  const document = use.document();
  const client = await joined(document);
  const messageId = fresh_id();
  for (let i = 0; i < 5; ++i) client.send({ ...update(`${i}`), messageId });
  const last = await client.answer(messageId, 5);
  assert.equal(last.type, 'ack');
  assert.deepEqual([...(await text_of(document))].sort(), ['0', '1', '2', '3', '4']);
});

test('an event with a known messageId is heard once', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  const messageId = fresh_id();
  for (let i = 0; i < 3; ++i) await client.do({ type: 'update', payload: { event: 'ring' }, messageId });
  await client.refused({ type: 'update', payload: { event: 'another' }, messageId }, 'MESSAGE_ID_REUSED');
  await client.do({ type: 'update', payload: 'marker' });
  await other.event((payload) => payload === 'marker');
  assert.deepEqual(other.events(), [{ event: 'ring' }, 'marker']);
});

test('an update is applied, though an event had its id', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  const messageId = fresh_id();
  await client.do({ type: 'update', payload: 'event', messageId });
  await client.do({ ...update('update'), messageId });
  await client.do({ type: 'update', payload: 'marker' });
  await other.event((payload) => payload === 'marker');
  assert.equal(other.text(), 'update');
});

test('a sync is answered and presence is shown each time, whatever their messageId', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  for (let i = 1; i <= 3; ++i) {
    await client.do({ type: 'sync', messageId: 'same' });
    await client.do({ type: 'presence', payload: i, messageId: 'same' });
    assert.equal(client.of('sync').length, 1 + i);
    await other.shown(i);
  }
});

test('a user who comes back is still known', async () => {
  const document = use.document();
  const keeper = await joined(document, '?userId=keeper');
  const first = await joined(document, '?userId=ada');
  const ids = [fresh_id(), fresh_id()];
  await first.do({ ...update('once '), messageId: ids[0] });
  await first.do({ type: 'update', payload: 'ring', messageId: ids[1] });
  first.destroy();
  const again = await joined(document, '?userId=ada');
  await again.do({ ...update('twice '), messageId: ids[0] });
  await again.do({ type: 'update', payload: 'ring', messageId: ids[1] });
  await again.do({ type: 'update', payload: 'marker' });
  await keeper.event((payload) => payload === 'marker');
  assert.deepEqual(keeper.text().split(' ').sort(), ['', 'once', 'twice']);
  assert.deepEqual(keeper.events(), ['ring', 'marker']);
});

test('presence of a user who comes back is shown again under its old messageId', async () => {
  const document = use.document();
  const observer = await joined(document);
  const first = await joined(document, '?userId=ada');
  await first.do({ type: 'presence', payload: 'here', messageId: 'p' });
  const id = await observer.shown('here');
  first.destroy();
  await observer.hidden(id);
  await (await joined(document, '?userId=ada')).do({ type: 'presence', payload: 'here', messageId: 'p' });
  await observer.shown('here');
});

test('two connections of one user share a window, those of others do not', async () => {
  const document = use.document();
  const messageId = fresh_id();
  const clients = [];
  const queries = ['?userId=ada', '?userId=ada', '?userId=bob', '?token=x&userId=ad%61', '', ''];
  for (const query of queries) clients.push(await joined(document, query));
  const observer = await joined(document);
  for (const client of clients) await client.do({ type: 'update', payload: 'ring', messageId });
  await clients[0].do({ type: 'update', payload: 'marker' });
  await observer.event((payload) => payload === 'marker');
  assert.deepEqual(observer.events(), ['ring', 'ring', 'ring', 'ring', 'marker']);
});

test('an id is known in its document only', async () => {
  const [first, second] = [use.document(), use.document()];
  const client = await joined(first);
  await client.join(second);
  await client.do({ ...update('one'), messageId: 'same' });
  await client.do({ ...update('two'), docName: second, messageId: 'same' });
  assert.equal(await text_of(first), 'one');
  assert.equal(await text_of(second), 'two');
});

test('a message that was refused may be sent again under its id', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  const messageId = fresh_id();
  await client.refused({ ...update('too early'), messageId }, 'NOT_JOINED');
  await client.join();
  await client.refused({ type: 'update', payload: { update: 'no base64' }, messageId }, 'INVALID_MESSAGE');
  await client.refused({ type: 'update', payload: { update: '/////w==' }, messageId }, 'INVALID_UPDATE');
  await client.do({ ...update('at last'), messageId });
  assert.equal(await text_of(document), 'at last');
});

test('the last 1,024 ids are known', async () => {
  const document = use.document();
  const [client, other] = [await joined(document), await joined(document)];
  const send = (id) => client.send({ type: 'update', payload: id, messageId: `window-${id}` });
  for (let id = 0; id < 1025; ++id) send(id);
  send(1); // the oldest of the last 1,024
  send(0); // the one before it
  await client.do({ type: 'update', payload: 'marker' }, 20000);
  await other.event((payload) => payload === 'marker');
  const heard = other.events();
  assert.equal(heard.filter((payload) => payload === 1).length, 1);
  assert.equal(heard.filter((payload) => payload === 0).length, 2);
  assert.equal(heard.length, 1025 + 1 + 1);
  await until(() => client.of('ack').length === 1 + 1025 + 2 + 1, 'all are acknowledged');
});
