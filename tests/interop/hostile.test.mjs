// Frames that no honest client sends. Each ends the connection it came on, with a named reason, and
// nothing else: another client of the same document goes on editing, and nothing of it is lost.
// Presence that cannot be used ends nothing at all.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import * as Y from 'yjs';

import { converged } from './support/documents.mjs';
import { own_server, use_server } from './support/fixture.mjs';
import { awareness_frame, hex, sync_step1, update_frame } from './support/frames.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { opcode, tcp_peer } from './support/tcp_peer.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();

const malformed = { code: 4400, reasons: ['Malformed message'] };
const invalid_update = { code: 4420, reasons: ['Invalid update'] };
const too_deep = { code: 4432, reasons: ['Update has a value that is nested too deep'] };
// Where a damaged update can be taken for a damaged message as well.
const damaged = { code: [4400, 4420], reasons: ['Malformed message', 'Invalid update'] };

/** An update of client 1 that inserts "a" into the root "t", with `nested` arrays instead of "a". */
function deeply_nested(levels) {
  const head = hex('01 01 01 00 08 01 01 74 01');
  const levels_bytes = new Uint8Array(levels * 2).map((_, i) => (i % 2 === 0 ? 117 : 1));
  return Buffer.concat([head, levels_bytes, hex('7e 00')]);
}

const cases = [
  ['a type that never ends', hex('80 80 80'), malformed],
  ['a type above 2^53', hex('ff ff ff ff ff ff ff ff ff 01'), malformed],
  ['a sync message without a subtype', hex('00'), malformed],
  ['a length beyond the data', hex('00 02 7f 01 02'), malformed],
  ['a length of 2^53 - 1', hex('00 02 ff ff ff ff ff ff ff 0f'), malformed],
  ['a state vector that breaks off', hex('00 00 02 05 01'), damaged],
  ['a state vector of 2^32 clients', hex('00 00 05 80 80 80 80 10'), damaged],
  ['an update of garbage', update_frame(hex('ff ff ff ff')), damaged],
  ['an update that breaks off', update_frame(hex('01 01 01 00 04 01 01')), damaged],
  ['a SyncStep2 of garbage', hex('00 01 03 01 01 01'), damaged],
  ['an update of 2^31 structs', update_frame(hex('01 80 80 80 80 08 01 00')), damaged],
  ['an update with invalid UTF-8', update_frame(hex('01 01 01 00 04 01 01 74 01 ff 00')), damaged],
  ['an update with an unknown content', update_frame(hex('01 01 01 00 0f 01 01 74 01 61 00')), invalid_update],
  ['an update with an unknown type', update_frame(hex('01 01 01 00 07 01 01 74 09 00')), invalid_update],
  ['an update with an unknown any tag', update_frame(hex('01 01 01 00 08 01 01 74 01 05 00')), invalid_update],
  ['an item that is its own origin', update_frame(hex('01 01 01 00 84 01 00 01 61 00')), invalid_update],
  ['an item that is its own parent', update_frame(hex('01 01 01 00 04 00 01 00 01 61 00')), invalid_update],
  ['a value nested 20,000 deep', update_frame(deeply_nested(20_000)), too_deep],
  ['a frame of 2 MiB', new Uint8Array(2 << 20), malformed],
];

for (const joined of [false, true]) {
  const when = joined ? 'after joining' : 'as the first frame';
  for (const [what, frame, { code, reasons }] of cases) {
    test(`${what} ${when} closes that connection only`, async () => {
      const document = use.document();
      const bystander = await use.client(document).synced();
      bystander.text.insert(0, 'before ');
      const attacker = await use.raw(`/${document}`).open();
      if (joined) {
        attacker.send(sync_step1());
        await until(() => attacker.frames.length >= 1, 'the attacker has joined');
      }
      attacker.send(frame);
      bystander.text.insert(bystander.text.length, 'during ');
      const how = await attacker.close_reason();
      assert.ok([code].flat().includes(how.code), `code ${how.code}`);
      assert.ok(reasons.includes(how.reason), `reason "${how.reason}", expected ${reasons.join(' or ')}`);
      bystander.text.insert(bystander.text.length, 'after');
      const fresh = await use.client(document).synced();
      await converged([bystander, fresh]);
      assert.equal(fresh.text.toString(), 'before during after');
      assert.equal(fresh.doc.share.has('t'), false, 'nothing of the bad frame was applied');
      assert.deepEqual(bystander.closes, []);
    });
  }
}

test('presence that cannot be used is left out and counted, and its client goes on', async (context) => {
  const port = await free_port();
  const own = await own_server(context, with_metrics(port));
  const bystander = await own.client('a').synced();
  const client = await own.raw('/a').open();
  client.send(sync_step1());
  const bad = {
    truncated: ['ff ff ff ff 0f 01', '02 01 01 02 7b 7d'],
    invalid_utf8: ['01 01 02 03 22 ff 22'],
    invalid_json: ['01 01 03 02 7b 7b'],
    trailing_bytes: ['01 01 04 02 7b 7d 00'],
    number_too_large: ['01 01 ff ff ff ff ff ff ff 0f 02 7b 7d'],
  };
  for (const update of Object.values(bad).flat()) client.send(awareness_frame(hex(update)));
  client.send(update_frame(hex('01 01 01 00 04 01 04 74 65 78 74 01 61 00')));
  await until(() => bystander.text.toString() === 'a', 'its edit arrives');
  assert.deepEqual(bystander.awareness.getStates().get(1), {}, 'what came whole before is shown');
  for (const [reason, updates] of Object.entries(bad))
    assert.equal(await metric(port, 'troupe_left_out_presence', `"${reason}"`), updates.length, reason);
  await until(() => /is left out of document 'a': truncated/.test(own.server.stderr), 'the log tells it', 5000, () => own.server.stderr);
});

test('a good message behind a bad one is not applied', async () => {
  const document = use.document();
  const bystander = await use.client(document).synced();
  const attacker = await use.raw(`/${document}`).open();
  attacker.send(hex('00 02 7f 01'));
  attacker.send(update_frame(hex('01 01 01 00 04 01 04 74 65 78 74 01 61 00')));
  await attacker.close_reason();
  await pause(100);
  assert.equal(bystander.text.toString(), '');
});

test('a client that vanishes in the middle of a frame harms nobody', async () => {
  const document = use.document();
  const bystander = await use.client(document).synced();
  const socket = net.connect(use.server.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.on('error', () => {});
  socket.write(
    `GET /${document} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const answer = await new Promise((resolve) => socket.once('data', resolve));
  assert.match(answer.toString(), /^HTTP\/1\.1 101 /);
  socket.write(hex('82 fe 01 00 00 00 00 00 00 02')); // a masked frame of 256 bytes, two of them sent
  await pause(50);
  socket.destroy();
  bystander.text.insert(0, 'unharmed');
  const fresh = use.client(document);
  await until(() => fresh.text.toString() === 'unharmed', 'a fresh client converges');
});

test('a message in fragments is understood', async () => {
  const document = use.document();
  const reader = await use.client(document).synced();
  const socket = await use.raw(`/${document}`).open();
  const frame = update_frame(hex('01 01 01 00 04 01 04 74 65 78 74 01 61 00'));
  for (let i = 0; i < frame.length; i++) {
    socket.socket.send(frame.subarray(i, i + 1), { binary: true, fin: i === frame.length - 1 });
  }
  await until(() => reader.text.toString() === 'a', 'the update arrives');
});

test('fragments that add up to 2 MiB are refused like one frame', async () => {
  const socket = await use.raw(`/${use.document()}`).open();
  for (let i = 0; i < 32; i++) {
    socket.socket.send(new Uint8Array(65536), { binary: true, fin: i === 31 }, () => {});
  }
  assert.equal((await socket.close_reason()).code, 4400);
});

test('an update just below the size limit is accepted', async () => {
  const document = use.document();
  const author = await use.client(document).synced();
  const reader = await use.client(document).synced();
  author.doc.getMap('map').set('large', new Uint8Array(1_000_000).fill(7));
  await until(() => reader.doc.getMap('map').has('large'), 'the large value arrives');
  await converged([author, reader]);
  assert.deepEqual(author.closes, []);
});

test('an update sent again and again is applied once', async () => {
  const document = use.document();
  const reader = await use.client(document).synced();
  const socket = await use.raw(`/${document}`).open();
  const update = hex('01 01 01 00 04 01 04 74 65 78 74 01 61 00');
  for (let i = 0; i < 20; i++) socket.send(update_frame(update));
  await until(() => reader.text.toString() === 'a', 'the update arrives');
  await pause(100);
  assert.equal(reader.text.toString(), 'a');
});

test('updates that arrive in the wrong order wait for each other', async () => {
  const document = use.document();
  const author = new Y.Doc();
  const updates = [];
  author.on('update', (update) => updates.push(update));
  for (const word of ['one ', 'two ', 'three ', 'four']) {
    author.getText('text').insert(author.getText('text').length, word);
  }
  const reader = await use.client(document).synced();
  const socket = await use.raw(`/${document}`).open();
  for (const update of updates.reverse()) socket.send(update_frame(update));
  await until(() => reader.text.toString() === 'one two three four', 'the last one releases the others');
  const fresh = await use.client(document).synced();
  await converged([reader, fresh]);
});

/** The code of the close frame that these bytes are answered with, though nothing follows them. */
async function closed_at_once(bytes) {
  const peer = await new tcp_peer(use.server.port).upgrade(`/${use.document()}`);
  peer.write(bytes);
  const farewell = await until(() => peer.frames().find(({ kind }) => kind === opcode.close), 'a close frame', 2000);
  peer.destroy();
  return farewell.payload.readUInt16BE(0);
}

test('a frame that breaks the protocol is noticed by its header, however short it is', async () => {
  assert.equal(await closed_at_once(hex('81 02 7b 7d')), 1002, 'not masked, shorter than a mask');
  assert.equal(await closed_at_once(hex('81 00')), 1002, 'not masked, without a payload');
  assert.equal(await closed_at_once(hex('c1 80')), 1002, 'a reserved bit');
  assert.equal(await closed_at_once(hex('89 fe')), 1002, 'a ping that is too long');
});

test('text that is not UTF-8 is noticed while it arrives', async () => {
  assert.equal(await closed_at_once(hex('01 83 00 00 00 00 6f 6b ff')), 1007, 'in the first of several fragments');
  assert.equal(await closed_at_once(hex('81 fe 10 00 00 00 00 00 6f 6b c3 28')), 1007, 'in half a frame');
});
