// Clients on slow links, with short time-outs: as long as bytes move, in either direction, nobody is cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { own_server } from './support/fixture.mjs';
import { sync_step1, update_frame } from './support/frames.mjs';
import { closed, free_port, with_metrics } from './support/metrics.mjs';
import { tcp_peer } from './support/tcp_peer.mjs';
import { pause, until } from './support/wait.mjs';

const short = { 'heartbeat.interval': '500ms', 'heartbeat.timeout': '2s', 'heartbeat.write_timeout': '1s' };

const bytes = (size) => new Uint8Array(size).fill(7);

/** A frame whose mask is zero, for payloads from 64 KiB. */
function large_frame(payload) {
  const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 6);
  return Buffer.concat([header, payload]);
}

test('a large message that arrives slowly is read to its end, though no pong can come before it', async (context) => {
  const use = await own_server(context, short);
  const reader = await use.client('a').synced();
  const author = new Y.Doc();
  author.getText('text').insert(0, 'slow '.repeat(50_000));
  const peer = await use.track(new tcp_peer(use.server.port)).upgrade('/a');
  const frame = large_frame(Buffer.from(update_frame(Y.encodeStateAsUpdate(author))));
  const begin = Date.now();
  for (let at = 0; at < frame.length; at += 10_000) {
    peer.write(frame.subarray(at, at + 10_000));
    await pause(100);
  }
  assert.ok(Date.now() - begin > 2000, 'longer than the time-out');
  await until(() => reader.text.length === 250_000, 'it arrives');
  assert.ok(!peer.is_closed);
});

test('a large state that is read slowly arrives whole, though the kernel takes more in large steps only', async (context) => {
  const use = await own_server(context, { ...short, 'limits.messages_per_second': 0 });
  const writer = await use.client('a').synced();
  const witness = await use.client('a').synced();
  for (let i = 0; i < 10; ++i) {
    writer.doc.getArray('list').push([bytes(500_000)]);
    await until(() => witness.doc.getArray('list').length === i + 1, 'a part arrives');
  }
  const peer = await use.track(new tcp_peer(use.server.port)).upgrade('/a');
  peer.socket.removeAllListeners('data');
  peer.socket.on('readable', () => {}); // from here on bytes are read when they are asked for
  peer.send(sync_step1());
  let got = 0;
  const begin = Date.now();
  while (got < 5_000_000) {
    const is_slow = Date.now() - begin < 5000; // several time-outs long
    await pause(is_slow ? 220 : 1);
    assert.ok(!peer.is_closed, `cut after ${got} bytes`);
    for (let part, left = 65_536; left > 0 && (part = peer.socket.read()); left -= part.length) got += part.length;
  }
});

test('a client that takes nothing is closed in time all the same', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { ...short, 'heartbeat.timeout': '60s', 'limits.messages_per_second': 0, 'limits.write_queue_size': '64MiB', ...with_metrics(port) });
  const writer = await use.client('a').synced();
  const peer = await use.track(new tcp_peer(use.server.port)).upgrade('/a');
  peer.send(sync_step1());
  await until(() => peer.frames().length > 0, 'it is in');
  peer.socket.pause();
  for (let i = 0; i < 16; ++i) writer.doc.getMap('map').set('load', bytes(900_000)); // more than the kernel takes
  await until(async () => (await closed(port, 'slow_consumer')) === 1, 'it is closed', 9000);
  assert.deepEqual(writer.closes, []);
});
