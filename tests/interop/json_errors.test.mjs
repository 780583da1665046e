// What a JSON client may do wrong: each mistake is answered with an error that names it, nothing of it takes effect, and
// the connection lives on. Source: docs/json-dialect.md, Errors and Limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { yjs_client } from './support/clients.mjs';
import { use_server } from './support/fixture.mjs';
import { json_client, use_json, writing } from './support/json_client.mjs';
import { start_server } from './support/server.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server({ 'limits.max_message_size': '64KiB', 'limits.messages_per_second': 0 });
const json = use_json(use);

/** Fails unless the client can still do what it did before. */
async function still_works(client) {
  await client.do({ type: 'sync' });
  await client.do({ type: 'update', payload: 'still here' });
  await client.do({ type: 'presence', payload: null });
}

/** Sends a frame as it is and resolves to the payload of the error that answers it. */
async function error_after(client, frame) {
  const before = client.of('error').length;
  client.send(frame);
  await until(() => client.of('error').length > before, 'an error', 5000, () => client.seen());
  return client.of('error').at(-1).payload;
}

const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);

const invalid_messages = [
  ['an empty frame', '', /not JSON at byte 0/],
  ['no JSON', 'hello', /not JSON at byte 0/],
  ['JSON that breaks off', '{"type": "sync"', /not JSON at byte 15/],
  ['two messages in one frame', '{"type":"sync"}{"type":"sync"}', /not JSON at byte 15/],
  ['a trailing comma', '{"type":"sync",}', /not JSON at byte 15/],
  ['an array', '[{"type":"sync"}]', /object/],
  ['a string', '"sync"', /object/],
  ['null', 'null', /object/],
  ['no type', '{"payload":{}}', /type is missing/],
  ['a type that is no string', '{"type":7}', /type/],
  ['an unknown type', '{"type":"hello"}', /type/],
  ['an ack', '{"type":"ack","payload":{"messageId":"m"}}', /ack/],
  ['an error', '{"type":"error","payload":{}}', /error/],
  ['a docName that is no string', '{"type":"sync","docName":null}', /docName/],
  ['an empty docName', '{"type":"sync","docName":""}', /docName/],
  ['a docName with a control character', '{"type":"sync","docName":"a\\u0000"}', /docName/],
  ['a docName of 513 bytes', `{"type":"sync","docName":"${'n'.repeat(513)}"}`, /docName.*512/],
  ['a docName with half of a surrogate pair', '{"type":"sync","docName":"\\ud83d"}', /docName/],
  ['a messageId that is no string', '{"type":"sync","messageId":7}', /messageId/],
  ['an empty messageId', '{"type":"sync","messageId":""}', /messageId/],
  ['a messageId of 129 bytes', `{"type":"sync","messageId":"${'m'.repeat(129)}"}`, /messageId.*128/],
  ['an update without payload', '{"type":"update"}', /payload is missing/],
  ['presence without payload', '{"type":"presence"}', /payload is missing/],
  ['a sync whose payload is a string', '{"type":"sync","payload":"AA=="}', /payload/],
  ['an event with half of a surrogate pair', '{"type":"update","payload":["\\ud83d"]}', /payload: half of a surrogate pair at byte 2/],
  ['presence with half of a surrogate pair', '{"type":"presence","payload":{"\\ude00":1}}', /payload: half of a surrogate pair at byte 2/],
  ['presence with a number beyond double', '{"type":"presence","payload":-1e999}', /payload: a number beyond double at byte 0/],
  ['an update that is a number', '{"type":"update","payload":{"update":7}}', /payload\.update/],
  ['base64 without padding', '{"type":"update","payload":{"update":"AAA"}}', /payload\.update is not base64/],
  ['base64 of the URL alphabet', '{"type":"update","payload":{"update":"AA-_"}}', /payload\.update is not base64/],
  ['base64 with a line break', '{"type":"update","payload":{"update":"AAA=\\n"}}', /payload\.update is not base64/],
  ['base64 with bits that count for nothing', '{"type":"update","payload":{"update":"AAB="}}', /payload\.update is not base64/],
  ['a state vector that is no base64', '{"type":"sync","payload":{"stateVector":"!"}}', /payload\.stateVector is not base64/],
  ['a payload nested 101 deep', `{"type":"presence","payload":${deep(101)}}`, /100 deep/],
  ['a message nested 20,000 deep', `{"type":"sync","x":${deep(20_000)}}`, /100 deep/],
];

for (const [what, frame, why] of invalid_messages) {
  test(`${what} is an invalid message`, async () => {
    const document = use.document();
    const client = await json(`/${document}`);
    await client.join();
    const { message, code } = await error_after(client, frame);
    assert.equal(code, 'INVALID_MESSAGE');
    assert.match(message, /^Invalid message: /);
    assert.match(message, why);
    await still_works(client);
    assert.equal(client.of('error').length, 1);
  });
}

test('an invalid message as the first frame is answered too', async () => {
  const client = await json(`/${use.document()}`);
  assert.equal((await error_after(client, '{')).code, 'INVALID_MESSAGE');
  await client.join();
});

test('an error names the message and the document', async () => {
  const client = await json('/');
  client.send({ type: 'update', docName: 'of the message', messageId: 'm-7' });
  await until(() => client.messages.length > 0, 'an answer');
  assert.deepEqual(client.messages, [{
    type: 'error', docName: 'of the message',
    payload: { message: 'Invalid message: payload is missing', code: 'INVALID_MESSAGE', messageId: 'm-7' },
  }]);
});

const invalid_updates = [
  ['no bytes', ''], ['garbage', '/////w=='], ['an update that breaks off', 'AQEBAAQBAQ=='], ['trailing bytes', 'AAAA'],
  ['an unknown content', 'AQEBAA8BAXRhAA=='], ['invalid UTF-8', 'AQEBAAQBAXQB/wA='],
];

for (const [what, update] of invalid_updates) {
  test(`an update of ${what} is an invalid update`, async () => {
    const document = use.document();
    const bystander = await use.client(document).synced();
    bystander.text.insert(0, 'before ');
    const client = await json(`/${document}`);
    await client.join();
    const { message } = await client.refused({ type: 'update', payload: { update } }, 'INVALID_UPDATE');
    assert.match(message, /^Invalid update/);
    await still_works(client);
    await client.do({ type: 'update', payload: { update: writing('good ') } });
    await until(() => bystander.text.toString().includes('good '), 'the next one arrives');
    assert.deepEqual([...bystander.doc.share.keys()], ['text'], 'nothing of the bad one was applied');
    assert.deepEqual(bystander.closes, []);
  });
}

test('a sync whose state vector is no state vector does not join', async () => {
  const client = await json(`/${use.document()}`);
  await client.refused({ type: 'sync', payload: { stateVector: 'BQE=' } }, 'INVALID_UPDATE');
  await client.refused({ type: 'update', payload: 1 }, 'NOT_JOINED');
  assert.deepEqual(client.of('sync'), []);
  await client.join();
});

test('who has not joined may do nothing but that', async () => {
  const document = use.document();
  const witness = await json(`/${document}`);
  await witness.join();
  const client = await json(`/${document}`);
  for (const message of [
    { type: 'update', payload: { update: writing('early') } }, { type: 'update', payload: 'early' }, { type: 'presence', payload: 'early' },
  ]) {
    assert.match((await client.refused(message, 'NOT_JOINED')).message, /^Not joined/);
  }
  client.send({ type: 'update', payload: 'early' });
  await until(() => client.of('error').length === 4, 'an error without a messageId too');
  assert.equal(client.of('error')[3].payload.messageId, undefined);
  assert.equal(client.of('error')[3].docName, document);
  await client.join();
  await client.do({ type: 'update', payload: 'marker' });
  await witness.event((payload) => payload === 'marker');
  assert.deepEqual(witness.events(), ['marker']);
  assert.equal(witness.text(), '');
  assert.deepEqual([...witness.presence()], []);
});

test('a message that is too large is skipped, and the next one is heard', async () => {
  const document = use.document();
  const reader = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  const frame_of = (size) => `{"type":"update","payload":"${'x'.repeat(size - 30)}"}`;
  assert.equal(frame_of(100).length, 100);
  for (const size of [65537, 1 << 19, 1 << 20]) {
    const { code, message } = await error_after(client, frame_of(size));
    assert.equal(code, 'MESSAGE_TOO_LARGE');
    assert.match(message, /^Message too large/);
  }
  client.send(frame_of(65536)); // just small enough
  await still_works(client);
  assert.equal(client.of('error').length, 3);
  await client.do({ type: 'update', payload: { update: writing('small') } });
  await until(() => reader.text.toString() === 'small', 'the next update arrives');
});

test('fragments that are too large together are skipped like one frame', async () => {
  const client = await json(`/${use.document()}`);
  await client.join();
  const socket = client.raw.socket;
  for (let i = 0; i < 20; ++i) socket.send('x'.repeat(10_000), { binary: false, fin: i === 19 });
  await until(() => client.of('error').length > 0, 'an error');
  assert.equal(client.of('error')[0].payload.code, 'MESSAGE_TOO_LARGE');
  await still_works(client);
  assert.equal(client.of('error').length, 1);
});

test('the answer to a sync may be larger than a message of a client', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  await client.join();
  const doc = new Y.Doc();
  for (let i = 0; i < 8; ++i) await client.do({ type: 'update', payload: { update: writing('x'.repeat(30_000), { doc }) } });
  const reader = await json(`/${document}`);
  await reader.join();
  assert.equal(reader.text().length, 240_000);
});

test('a text frame that is not UTF-8 ends the connection with 1007', async () => {
  const client = await json(`/${use.document()}`);
  await client.join();
  client.raw.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
  assert.equal((await client.raw.close_reason()).code, 1007);
});

/** A server of its own for one test, and how JSON and y-websocket clients of it are opened. */
async function other_server(context, settings) {
  const server = await start_server(settings);
  context.after(() => server.stop());
  const json_of = async (path) => {
    const client = new json_client(server.url, path);
    context.after(() => client.destroy());
    return client.open();
  };
  const yjs_of = (document) => {
    const client = new yjs_client(server.url, document);
    context.after(() => client.destroy());
    return client.synced();
  };
  return { json_of, yjs_of };
}

test('what is above the rate is refused and does not take effect; what is below does', async (context) => {
  const { json_of, yjs_of } = await other_server(context, { 'limits.messages_per_second': 20, 'limits.message_burst': 10 });
  const reader = await yjs_of('rate');
  const client = await json_of('/rate');
  client.send({ type: 'sync' });
  const updates = Array.from({ length: 40 }, (_, i) => ({ type: 'update', payload: { update: writing(`${i},`) }, messageId: `m${i}` }));
  for (const message of updates) client.send(message);
  const answers = () => client.messages.filter((one) => one.type === 'ack' || one.type === 'error');
  await until(() => answers().length === 40, 'each is answered', 5000, () => `${answers().length} answers`);
  const errors = client.of('error');
  assert.ok(errors.length >= 20, `${errors.length} of 40 are refused`);
  assert.ok(client.of('ack').length >= 9, 'the burst is let through');
  for (const { payload } of errors) {
    assert.equal(payload.code, 'RATE_LIMIT_EXCEEDED');
    assert.match(payload.message, /^Rate limit exceeded/);
  }
  const acknowledged = new Set(client.of('ack').map((one) => one.payload.messageId));
  const expected = updates.flatMap(({ messageId }, i) => (acknowledged.has(messageId) ? [`${i}`] : []));
  const read = () => reader.text.toString().split(',').filter((word) => word !== '');
  await until(() => read().length === expected.length, 'what was acknowledged arrives');
  assert.deepEqual(read().sort(), expected.sort());

  await pause(1000);
  const refused = updates.find(({ messageId }) => !acknowledged.has(messageId));
  await client.do(refused); // under the same id, since it was not taken in
  await until(() => read().length === expected.length + 1, 'it arrives');
});

test('a document too many is refused, and let in once another is idle', async (context) => {
  const { json_of } = await other_server(context, { 'limits.max_documents': 2 });
  const client = await json_of('/first');
  const other = await json_of('/second');
  await client.join();
  await other.join();
  const { message } = await client.refused({ type: 'sync', docName: 'third' }, 'TOO_MANY_DOCUMENTS');
  assert.match(message, /^Too many documents/);
  await client.refused({ type: 'update', docName: 'third', payload: 1 }, 'NOT_JOINED');
  await client.do({ type: 'update', payload: { update: writing('lives on') } });
  other.destroy();
  await until(async () => (await client.ask({ type: 'sync', docName: 'third' })).type === 'ack', 'there is room', 10000);
});

test('a user holds no more documents open than one may, and gets room back', async (context) => {
  const { json_of } = await other_server(context, { 'limits.max_documents_per_user': 2 });
  const first = await json_of('/?userId=ada');
  const second = await json_of('/?userId=ada');
  const other = await json_of('/?userId=bob');
  await first.join('one');
  await second.join('two');
  await second.join('one'); // held already
  const refused = await first.ask({ type: 'sync', docName: 'three' });
  assert.equal(refused.payload.code, 'QUOTA_EXCEEDED');
  await other.join('three');
  second.destroy();
  await until(async () => (await first.ask({ type: 'sync', docName: 'three' })).type === 'ack', 'there is room again');
});
