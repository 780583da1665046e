// A document that is too large for one message on a slow line: it comes in pieces, each soon enough for a client that gives
// up when it hears no whole message for a while.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { Y, yjs_client } from './support/clients.mjs';
import { assert_same_state } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { until } from './support/wait.mjs';

const MiB = 1 << 20;

/** A line to the server that carries so many bytes a second to the client. Resolves to its URL. */
async function slow_line(context, url, bytes_per_second) {
  const { port } = new URL(url);
  const sockets = new Set();
  const proxy = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    for (const one of [client, server]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => (client.destroy(), server.destroy()));
    }
    client.pipe(server);
    server.on('data', (data) => {
      server.pause();
      client.write(data);
      setTimeout(() => server.resume(), (data.length * 1000) / bytes_per_second);
    });
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const one of sockets) one.destroy();
    proxy.close();
  });
  return `ws://127.0.0.1:${proxy.address().port}`;
}

/** Waits until `reader` has all that `doc` has, and compares them once. */
async function has_all(reader, doc) {
  const vector = (of) => Buffer.from(Y.encodeStateVector(of)).toString('hex');
  await until(() => vector(reader.doc) === vector(doc), 'everything arrives', 15_000);
  assert_same_state(reader.doc, doc);
}

/** A document of several MiB: `fill(doc, i)` is called until it is that large. */
function large(fill, size) {
  const doc = new Y.Doc();
  for (let i = 0; Y.encodeStateAsUpdate(doc).length < size; ++i) doc.transact(() => fill(doc, i));
  return doc;
}

const word = (i) => `${(i * 2654435761) >>> 0} `;
const documents = {
  'a plain text': (doc, i) => doc.getText('text').insert(0, word(i).repeat(10_000)),
  'many keys of a map': (doc, i) => {
    for (let k = 0; k < 1000; ++k) doc.getMap('map').set(`${i}-${k}`, word(k).repeat(10));
  },
  'a text with formats': (doc, i) => {
    const text = doc.getText('text');
    for (let k = 0; k < 200; ++k) text.insert((k * 7919) % (text.length + 1), word(k).repeat(20), { bold: k % 3 === 0 ? true : null });
    text.delete(0, 5);
  },
};

for (const [what, fill] of Object.entries(documents)) {
  test(`${what} of 1.5 MiB and more reaches a client that gives up after a second without a message`, async (context) => {
    const use = await own_server(context, { 'limits.max_message_size': '16MiB', 'limits.messages_per_second': 0 });
    const doc = large(fill, 1.5 * MiB);
    const writer = use.client('large', { doc });
    await writer.synced();
    const before = use.client('large');
    await before.synced();
    await has_all(before, doc);
    const url = await slow_line(context, use.server.url, MiB);
    const reader = use.track(new yjs_client(url, 'large'));
    let messages = 0;
    let longest = 0;
    let last = Date.now();
    let changed = 0;
    reader.doc.on('update', (update, origin) => (changed += origin === reader.provider ? 0 : 1));
    await until(() => reader.provider.ws?.readyState === 1, 'the reader is connected');
    reader.provider.ws.on('message', () => {
      messages += 1;
      longest = Math.max(longest, Date.now() - last);
      last = Date.now();
    });
    last = Date.now();
    await reader.synced(15_000);
    await has_all(reader, doc);
    assert.ok(messages >= 4, `${messages} messages`);
    assert.ok(longest < 1000, `${longest} ms without a message`);
    assert.equal(changed, 0, 'loading changes nothing');
    assert.deepEqual(reader.closes, []);
  });
}

test('a state of 8 MiB in pieces does not close its reader as too slow', async (context) => {
  const use = await own_server(context, { 'limits.max_message_size': '32MiB', 'limits.messages_per_second': 0 });
  const doc = large((each, i) => each.getText('text').insert(0, word(i).repeat(200_000)), 8 * MiB);
  const writer = use.client('huge', { doc });
  await writer.synced();
  const reader = await use.client('huge').synced(10_000);
  await has_all(reader, doc);
  assert.deepEqual(reader.closes, []);
});
