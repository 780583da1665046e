// The JSON dialect as docs/json-dialect.md describes it: joining, updates, events and presence, between JSON clients and
// with real y-websocket clients. json_repeat and json_errors hold what is about acknowledgements and about errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { use_server } from './support/fixture.mjs';
import { awareness_states, frame_type, message, sync, sync_step1 } from './support/frames.mjs';
import { base64, from_base64, use_json, writing } from './support/json_client.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server({ 'limits.messages_per_second': 0 });
const json = use_json(use);
const skip = process.env.TROUPE_SKIP_SLOW === '1' && 'TROUPE_SKIP_SLOW=1';

/** Waits until a y-websocket client sees a state, and returns the client id that shows it. */
async function sees(client, expected) {
  const wanted = JSON.stringify(expected);
  const states = () => [...client.awareness.getStates()];
  const find = () => states().find(([, state]) => JSON.stringify(state) === wanted);
  return (await until(find, `${wanted} is seen`, 5000, () => JSON.stringify(states())))[0];
}

async function reads(client, expected) {
  await until(() => client.text.toString() === expected, `"${expected}" is read`, 5000, () => client.text.toString());
}

async function hears(client, expected, docName = undefined) {
  await until(() => client.text(docName) === expected, `"${expected}" is heard`, 5000, () => client.seen());
}

test('a sync of a new document is answered with the empty update', async () => {
  const client = await json(`/${use.document()}`);
  assert.deepEqual(await client.join(), { update: 'AAA=', stateVector: 'AA==' });
  assert.deepEqual(client.messages.map((one) => one.type), ['sync', 'ack']);
});

test('a sync is answered without a messageId too, and then there is no ack', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  client.send({ type: 'sync' });
  await until(() => client.messages.length > 0, 'an answer');
  await client.do({ type: 'update', payload: 'marker' });
  assert.deepEqual(client.messages.map((one) => one.type), ['sync', 'ack']);
  assert.equal(client.messages[0].docName, document);
});

test('a sync brings what is there, and says what the server has', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  author.text.insert(0, 'hello');
  const witness = await use.client(document).synced();
  await reads(witness, 'hello');
  const client = await json(`/${document}`);
  const { update, stateVector } = await client.join();
  const doc = new Y.Doc();
  Y.applyUpdate(doc, from_base64(update));
  assert.equal(doc.getText('text').toString(), 'hello');
  assert.deepEqual(Y.decodeStateVector(from_base64(stateVector)), new Map([[author.doc.clientID, 5]]));
});

test('a sync with a state vector brings what is missing and no more', async () => {
  const document = use.document();
  const writer = await json(`/${document}`);
  await writer.join();
  const doc = new Y.Doc();
  await writer.do({ type: 'update', payload: { update: writing('one ', { doc }) } });
  const stateVector = base64(Y.encodeStateVector(doc));
  await writer.do({ type: 'update', payload: { update: writing('two', { doc, index: 4 }) } });
  const reader = await json(`/${document}`);
  const { update } = await reader.join(undefined, { stateVector });
  const structs = Y.decodeUpdate(from_base64(update)).structs;
  assert.equal(structs.length, 1);
  assert.equal(structs[0].id.clock, 4);
  assert.equal((await reader.join(undefined, { stateVector: base64(Y.encodeStateVector(doc)) })).update, 'AAA=');
});

test('a y-websocket client types, and a JSON client hears it', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  author.text.insert(0, 'hello 😀');
  await hears(client, 'hello 😀');
  author.text.delete(0, 6);
  await hears(client, '😀');
  assert.ok(client.of('update').every((one) => one.docName === document));
});

test('a JSON client writes, and y-websocket and JSON clients hear it', async () => {
  const document = use.document();
  const reader = await use.client(document).synced();
  const writer = await json(`/${document}`);
  const other = await json(`/${document}`);
  await writer.join();
  await other.join();
  const doc = new Y.Doc();
  writer.send({ type: 'update', payload: { update: writing('hello', { doc }) } });
  await reads(reader, 'hello');
  await hears(other, 'hello');
  writer.send({ type: 'update', payload: { update: writing(' world', { doc, index: 5 }) } });
  await reads(reader, 'hello world');
  await hears(other, 'hello world');
  await writer.do({ type: 'update', payload: 'marker' });
  assert.deepEqual(writer.of('update'), [], 'the sender does not hear itself');
});

test('a JSON client leaves a document: its presence goes, it hears nothing more, and it can come back', async () => {
  const [document, other] = [use.document(), use.document()];
  const client = await json(`/${document}`);
  const witness = await json(`/${document}`);
  const editor = await use.client(document).synced();
  await client.join();
  await client.join(other);
  await witness.join();
  await client.do({ type: 'presence', payload: { here: 1 } });
  await client.do({ type: 'presence', docName: other, payload: { here: 2 } });
  const id = await witness.shown({ here: 1 });
  await sees(editor, { here: 1 });
  const doc = new Y.Doc();
  client.send({ type: 'update', payload: { update: writing('last', { doc }) }, messageId: 'last-words' });
  client.send({ type: 'leave', messageId: 'leave' });
  client.send({ type: 'update', payload: { event: 'too late' }, messageId: 'late' });
  client.send({ type: 'leave', messageId: 'again' });
  await client.answer('again');
  const answers = client.messages.filter((one) => ['last-words', 'leave', 'late', 'again'].includes(one.payload.messageId));
  assert.deepEqual(answers.map((one) => [one.payload.messageId, one.payload.code ?? one.type, one.docName]), [
    ['last-words', 'ack', document], ['leave', 'ack', document], ['late', 'NOT_JOINED', document], ['again', 'NOT_JOINED', document],
  ]);
  await witness.hidden(id);
  await until(() => ![...editor.awareness.getStates().values()].some((state) => state.here === 1), 'the editor sees it gone');
  const heard = client.of('update', document).length;
  await reads(editor, 'last');
  editor.text.insert(4, ' and more');
  await hears(witness, 'last and more');
  // The other document goes on, and what it brings would have come behind anything of the first.
  const second = await json(`/${other}`);
  await second.join();
  assert.ok(await second.shown({ here: 2 }));
  await second.do({ type: 'update', payload: { event: 'marker' } });
  await client.event((event) => event.event === 'marker');
  assert.equal(client.of('update', document).length, heard);
  assert.ok((await client.join()).update.length > 4);
  assert.equal(client.text(document), 'last and more');
});

test('a leave in JSON keeps the y-websocket session of the same socket', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  client.speaks_binary = true;
  client.raw.send(sync_step1());
  await client.join();
  await client.do({ type: 'presence', payload: { here: 1 } });
  const witness = await json(`/${document}`);
  await witness.join();
  const id = await witness.shown({ here: 1 });
  await client.do({ type: 'leave' });
  await witness.hidden(id);
  const texts = client.messages.length;
  const before = client.raw.frames.length;
  await witness.do({ type: 'update', payload: { update: writing('hello') } });
  const is_update = (frame) => typeof frame !== 'string' && frame_type(frame).subtype === sync.update;
  await until(() => client.raw.frames.slice(before).some(is_update), 'the update comes in binary');
  assert.equal(client.messages.length, texts, 'and not in JSON');
});

test('presence with half of a surrogate pair passes between Yjs clients, and is whole in JSON', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  const reader = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  const state = { name: '😀'.slice(0, 1) };
  author.awareness.setLocalState(state);
  await sees(reader, state);
  await client.shown({ name: '\ufffd' });
  assert.ok(author.provider.wsconnected);
});

test('edits from both sides at once come together', async () => {
  const document = use.document();
  const binary = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  const doc = new Y.Doc();
  for (let i = 0; i < 20; ++i) {
    binary.text.insert(binary.text.length, 'b');
    client.send({ type: 'update', payload: { update: writing('j', { doc, index: i }) } });
  }
  await until(() => binary.text.length === 40, 'all edits arrive', 5000, () => binary.text.toString());
  await until(() => {
    const all = client.document();
    Y.applyUpdate(all, Y.encodeStateAsUpdate(doc));
    return all.getText('text').toString() === binary.text.toString();
  }, 'both read the same');
});

test('an update that waits for another takes effect with it', async () => {
  const document = use.document();
  const reader = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  const doc = new Y.Doc();
  const [first, second] = [writing('one ', { doc }), writing('two', { doc, index: 4 })];
  await client.refused({ type: 'update', payload: { update: second } }, 'MISSING_UPDATES');
  assert.equal(reader.text.toString(), '');
  await client.do({ type: 'update', payload: { update: first } });
  await reads(reader, 'one two');
});

test('members may come in any order, with escapes and with others that nobody knows', async () => {
  const document = use.document();
  const reader = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  const update = writing('escaped').replaceAll('/', '\\/').replace('A', '\\u0041');
  client.send(`\n{ "x": [{}], "payload": {"y": 1, "update": "${update}"}, "\\u0074ype": "update" }\r\n`);
  await reads(reader, 'escaped');
});

test('several documents on one socket are kept apart', async () => {
  const [url, second, third] = [use.document(), use.document(), use.document()];
  const [reader, other] = [await use.client(second).synced(), await use.client(url).synced()];
  const client = await json(`/${url}`);
  await client.join();
  await client.join(second);
  await client.join(url); // by name, again
  await client.do({ type: 'update', docName: second, payload: { update: writing('second') } });
  await reads(reader, 'second');
  other.text.insert(0, 'of the url');
  reader.text.insert(0, 'the ');
  await hears(client, 'of the url', url);
  await until(() => client.of('update', second).length > 0, 'the second document is heard');
  assert.equal(other.text.toString(), 'of the url');
  await client.refused({ type: 'update', docName: third, payload: { update: writing('x') } }, 'NOT_JOINED');
  assert.deepEqual(client.of('update', third), []);
});

test('documents with names that a URL would have to escape are joined by docName', async () => {
  const document = `ü/"quoted"\\ ${use.document()} %20?`;
  const reader = await use.client(encodeURIComponent(document)).synced();
  const client = await json('/');
  await client.join(document);
  await client.do({ type: 'update', docName: document, payload: { update: writing('found') } });
  await reads(reader, 'found');
});

test('a socket at / has no document of its own', async () => {
  const document = use.document();
  const client = await json('/');
  for (const type of ['sync', 'update', 'presence']) {
    await client.refused({ type, payload: {} }, 'NOT_JOINED');
  }
  await client.join(document);
  await client.refused({ type: 'presence', payload: {} }, 'NOT_JOINED');
  await client.do({ type: 'presence', docName: document, payload: { here: true } });
  const other = await json(`/${document}`);
  await other.join();
  await other.shown({ here: true });
});

test('the server says nothing before the client has', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  const silent = await json(`/${document}`);
  author.text.insert(0, 'hello');
  author.awareness.setLocalState({ name: 'Author' });
  const witness = await use.client(document).synced();
  await reads(witness, 'hello');
  await pause(100);
  assert.deepEqual(silent.raw.frames, []);
  await silent.join();
  assert.equal(silent.text(), 'hello');
});

test('events go to the other JSON clients as they were written, and to nobody else', async () => {
  const document = use.document();
  const [sender, other, elsewhere] = [await json(`/${document}`), await json(`/${document}`), await json(`/${use.document()}`)];
  for (const client of [sender, other, elsewhere]) await client.join();
  const binary = await use.raw(`/${document}`).open();
  binary.send(sync_step1());
  await until(() => binary.frames.length >= 2, 'the binary client has joined');
  const before = binary.frames.length;
  const payloads = [
    '{"event":"chat","text":"h\\u00e9 \\ud83d\\ude00"}', '{ "b" : 1 , "a" : 1.0 }', '12345678901234567890123', '1e308', '-0', 'null',
    '"update"', '[]', '[{"update":1}]', '{"b":2,"b":1}',
  ];
  for (const payload of payloads) sender.send(`{"type":"update","payload":${payload}}`);
  await sender.do({ type: 'update', payload: 'marker' });
  await other.event((payload) => payload === 'marker');
  const frames = other.raw.frames.filter((frame) => JSON.parse(frame).type === 'update');
  assert.deepEqual(frames.slice(0, -1), payloads.map((payload) => `{"type":"update","docName":"${document}","payload":${payload}}`));
  await other.do({ type: 'update', payload: 'from the other' });
  await sender.event((payload) => payload === 'from the other');
  assert.deepEqual(sender.events(), ['from the other']);
  const late = await json(`/${document}`);
  await late.join();
  assert.deepEqual(late.events(), []);
  assert.deepEqual(elsewhere.events(), []);
  assert.equal(binary.frames.length, before, 'events are nothing to a binary client');
});

test('JSON presence is awareness to y-websocket clients, changes, and is cleared by null', async () => {
  const document = use.document();
  const observer = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  const ada = { user: { name: 'Ada' }, cursor: { line: 3, column: 7 } };
  await client.do({ type: 'presence', payload: ada });
  const id = await sees(observer, ada);
  assert.equal(await client.shown(ada), id, 'the client hears itself, and so its id');
  await client.do({ type: 'presence', payload: { ...ada, cursor: null } });
  assert.equal(await sees(observer, { ...ada, cursor: null }), id, 'the id stays');
  await client.do({ type: 'presence', payload: null });
  await until(() => !observer.awareness.getStates().has(id), 'the state is cleared');
  await client.hidden(id);
  await client.do({ type: 'presence', payload: ada });
  assert.equal(await sees(observer, ada), id, 'and it is the same client when it returns');
});

test('awareness of y-websocket clients is presence to JSON clients', async () => {
  const document = use.document();
  const alice = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  alice.awareness.setLocalState({ name: 'Alice 😀' });
  assert.equal(await client.shown({ name: 'Alice 😀' }), alice.doc.clientID);
  alice.awareness.setLocalState(null);
  await client.hidden(alice.doc.clientID);
  alice.awareness.setLocalState({ name: 'Alice again' });
  await client.shown({ name: 'Alice again' });
  alice.vanish();
  await client.hidden(alice.doc.clientID);
});

test('who joins sees who is there, between the answer and the ack', async () => {
  const document = use.document();
  const alice = await use.client(document).synced();
  alice.awareness.setLocalState({ name: 'Alice' });
  const bob = await json(`/${document}`);
  await bob.join();
  await bob.do({ type: 'presence', payload: { name: 'Bob' } });
  await bob.shown({ name: 'Alice' });
  const late = await json(`/${document}`);
  await late.join();
  assert.deepEqual(late.messages.map((one) => one.type), ['sync', 'presence', 'presence', 'ack']);
  const names = [...late.presence().values()].map((state) => state.name);
  assert.deepEqual(names.sort(), ['Alice', 'Bob']);
});

for (const how of ['leave', 'destroy']) {
  test(`JSON presence vanishes with its session (${how})`, async () => {
    const document = use.document();
    const binary = await use.client(document).synced();
    const observer = await json(`/${document}`);
    const victim = await json(`/${document}`);
    await observer.join();
    await victim.join();
    await victim.do({ type: 'presence', payload: 'here' });
    const id = await observer.shown('here');
    assert.equal(await sees(binary, 'here'), id);
    await victim[how]();
    await observer.hidden(id);
    await until(() => !binary.awareness.getStates().has(id), 'it is gone for binary clients too');
  });
}

test('a JSON client has a presence of its own in each document', async () => {
  const [first, second] = [use.document(), use.document()];
  const client = await json(`/${first}`);
  await client.join();
  await client.join(second);
  await client.do({ type: 'presence', payload: 'in the first' });
  await client.do({ type: 'presence', docName: second, payload: 'in the second' });
  const reader = await json(`/${second}`);
  await reader.join();
  assert.deepEqual([...reader.presence().values()], ['in the second']);
  await client.do({ type: 'presence', payload: null });
  assert.deepEqual([...client.presence(second).values()], ['in the second']);
});

test('slow: JSON presence need not be repeated', { skip }, async () => {
  const document = use.document();
  const binary = await use.client(document).synced();
  const client = await json(`/${document}`);
  await client.join();
  await client.do({ type: 'presence', payload: 'still here' });
  const id = await sees(binary, 'still here');
  await pause(40000); // y-websocket clients drop a state that was not renewed for 30 s
  assert.equal(binary.awareness.getStates().get(id), 'still here');
  assert.ok([...client.presence().values()].includes('still here'));
});

test('a socket that speaks both dialects hears both', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  const both = await json(`/${document}`);
  both.speaks_binary = true;
  await both.join();
  both.raw.send(sync_step1());
  const updates = () => both.raw.frames.filter((frame) => typeof frame !== 'string' && frame_type(frame).subtype === 2);
  await until(() => both.raw.frames.some((frame) => typeof frame !== 'string'), 'a binary answer');
  author.text.insert(0, 'twice');
  await hears(both, 'twice');
  await until(() => updates().length > 0, 'a binary update');
  author.awareness.setLocalState({ name: 'Author' });
  await both.shown({ name: 'Author' });
  const is_about_author = (frame) =>
    typeof frame !== 'string' && frame_type(frame).type === message.awareness &&
    awareness_states(frame).some((one) => one.client === author.doc.clientID);
  await both.raw.frame(is_about_author, 'a binary awareness update');
});
