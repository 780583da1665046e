// A client that stops reading while others write: the server bounds what waits for it, the others notice nothing, and
// nothing is lost for it in the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { converged } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { memory_tells } from './support/server.mjs';
import { sync_step1 } from './support/frames.mjs';
import { ask_admin } from './support/http.mjs';
import { base64 } from './support/json_client.mjs';
import { closed, free_port, metric, with_metrics } from './support/metrics.mjs';
import { pause, until } from './support/wait.mjs';

const skip = process.env.TROUPE_SKIP_SLOW === '1' && 'TROUPE_SKIP_SLOW=1';
const MiB = 1 << 20;
const reads_too_slowly = { code: 1013, reason: 'Client reads too slowly, reconnect to resync' };

/** A server with a small write queue, without a rate, and with its metrics. */
async function small_queue(context, queue = '1MiB') {
  const port = await free_port();
  const use = await own_server(context, { 'limits.write_queue_size': queue, 'limits.messages_per_second': 0, ...with_metrics(port) });
  return { ...use, slow_consumers: () => closed(port, 'slow_consumer'), metrics: port };
}

let seed = 1;
/** Bytes that nothing makes smaller. */
const noise = (size) => Uint8Array.from({ length: size }, () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16);

/** Writes `size` bytes under one key each time, which replaces what was there, until `is_enough`; waits for one to read it. */
async function write_until(writer, reader, is_enough, { size = 128 * 1024, most = 100 * MiB } = {}) {
  const bytes = noise(size);
  for (let written = 0, i = 0; ; written += size, ++i) {
    if (await is_enough()) return written;
    assert.ok(written < most, `${written} bytes were not enough`);
    bytes[0] = i;
    const key = `load-${writer.doc.clientID}`;
    writer.doc.getMap('map').set(key, bytes.slice());
    const arrived = () => reader.doc.getMap('map').get(key)?.[0] === (i & 255);
    await until(arrived, `write ${i} arrives`, 5000);
  }
}

/** A y-websocket client that has stopped reading; resume() lets it go on. */
async function stopped_reader(use, document, how) {
  const client = await use.client(document, how).synced();
  const { ws } = client.provider; // it may have given that up by itself after 30 s of silence
  ws.pause();
  client.resume = () => ws.resume();
  return client;
}

/** What tells that a connection takes no more: what waits for it is above the limit and stands still while others write. */
function overfull(use) {
  let before = 0;
  return async () => {
    const { json } = await ask_admin(use.server, '/api/v1/sessions');
    const longest = Math.max(...json.sessions.map((session) => session.queuedBytes));
    const stands_still = longest === before;
    before = longest;
    return longest > MiB && stands_still;
  };
}

test('who reads nothing while others write is told 1013 if it reads in time, and has everything on its return', async (context) => {
  const use = await small_queue(context);
  const [writer, reader] = [await use.client('a').synced(), await use.client('a').synced()];
  const slow = await stopped_reader(use, 'a');
  await write_until(writer, reader, overfull(use));
  slow.resume();
  await until(() => slow.closes.length > 0, 'it is closed');
  assert.deepEqual(slow.closes[0], reads_too_slowly);
  await slow.synced();
  writer.text.insert(0, 'after all');
  await converged([writer, reader, slow], 10000);
  assert.deepEqual([writer.closes, reader.closes], [[], []]);
});

test('the memory of the server stays bounded, the others are not slowed down, and the metric counts', async (context) => {
  const use = await small_queue(context);
  const writers = await Promise.all([1, 2, 3].map(() => use.client('a').synced()));
  const reader = await use.client('a').synced();
  const json = await use.json('/a');
  await json.join();
  for (const writer of writers) await write_until(writer, reader, async () => writer.doc.getMap('map').has(`load-${writer.doc.clientID}`));
  const before = await use.server.memory();
  const slow = await Promise.all(Array.from({ length: 10 }, () => stopped_reader(use, 'a')));
  const slow_json = await use.json('/a');
  await slow_json.join();
  slow_json.raw.socket.pause();
  let longest = 0;
  const limit = 24 * MiB;
  await Promise.all(writers.map(async (writer) => {
    let written = 0;
    await write_until(writer, reader, async () => {
      const begin = Date.now();
      await ask_admin(use.server, '/healthz');
      longest = Math.max(longest, Date.now() - begin);
      return (written += 128 * 1024) > limit;
    });
  }));
  await until(async () => (await use.slow_consumers()) === 11, 'eleven are closed', 5000, async () => `${await use.slow_consumers()}`);
  const peak = await use.server.memory('VmHWM');
  const bound = 11 * 2 * MiB + 40 * MiB; // a queue each, and what is on its way
  if (memory_tells) assert.ok(peak - before < bound, `${(peak - before) / MiB} MiB more than before`);
  else context.diagnostic('memory was not judged: the server runs under a sanitizer');
  assert.ok(longest < 1000, `an answer took ${longest} ms`);
  for (const one of [...writers, reader]) assert.deepEqual(one.closes, []);
  await json.do({ type: 'sync' });
  for (const one of slow) one.resume();
  await converged([...writers, reader, ...slow], 20000);
});

test('a JSON client that reads nothing is told 1013, and a sync brings it what it missed', async (context) => {
  const use = await small_queue(context);
  const [writer, reader] = [await use.client('a').synced(), await use.client('a').synced()];
  const slow = await use.json('/a');
  await slow.join();
  slow.raw.socket.pause();
  await write_until(writer, reader, overfull(use));
  slow.raw.socket.resume();
  const end = await slow.raw.close_reason();
  assert.deepEqual(end, reads_too_slowly);
  const again = await use.json('/a');
  await again.join();
  assert.equal(base64(again.document().getMap('map').get(`load-${writer.doc.clientID}`)), base64(writer.doc.getMap('map').get(`load-${writer.doc.clientID}`)));
});

test('a document larger than the queue is still sent to who joins, also to one who reads late', async (context) => {
  const use = await small_queue(context);
  const writer = await use.client('a').synced();
  const reader = await use.client('a').synced();
  for (let i = 0; i < 12; ++i) {
    writer.doc.getMap('map').set(`part-${i}`, noise(900 * 1024));
    await until(() => reader.doc.getMap('map').size === i + 1, `part ${i} is there`);
  }
  const late = await use.raw('/a').open();
  late.socket.pause();
  late.send(sync_step1());
  await pause(500);
  writer.text.insert(0, 'and one more');
  await pause(500);
  late.socket.resume();
  const arrived = () => late.frames.reduce((sum, frame) => sum + frame.length, 0);
  await until(() => arrived() > 10 * MiB, 'the whole document arrives', 10000);
  await until(() => late.frames.at(-1).length < 100, 'what came behind it, too');
  assert.equal(await use.slow_consumers(), 0);
});

for (const [count, size] of [[30, 900 * 1024], [2000, 15 * 1024]]) {
  test(`who writes ${count} times ${size} bytes at once is not closed for what the server says to that`, async (context) => {
    const use = await own_server(context, { 'limits.messages_per_second': 0 });
    const writer = await use.client('a').synced();
    for (let i = 0; i < count; ++i) writer.doc.getMap('map').set(`part-${i}`, new Uint8Array(size));
    const reader = await use.client('a').synced(10000);
    const arrived = () => reader.doc.getMap('map').size;
    await until(() => arrived() === count, 'all arrives', 15000, () => `${arrived()}, ${JSON.stringify(writer.closes.slice(0, 3))}`);
    assert.deepEqual(writer.closes, []);
  });
}

test('slow: who takes not a byte for ten seconds is closed, however little waits', { skip }, async (context) => {
  const use = await small_queue(context, '64MiB');
  const [writer, reader] = [await use.client('a').synced(), await use.client('a').synced()];
  const slow = await stopped_reader(use, 'a');
  const has_queue = async () => (await ask_admin(use.server, '/api/v1/sessions')).json.sessions.some((session) => session.queuedBytes > 0);
  await write_until(writer, reader, async () => (await has_queue()) && (await pause(100), await has_queue()));
  const begin = Date.now();
  await until(async () => (await use.slow_consumers()) === 1, 'it is closed', 20000);
  const seconds = (Date.now() - begin) / 1000;
  assert.ok(seconds > 8 && seconds < 15, `${seconds} s`);
  slow.resume();
  await slow.synced(10000);
  await converged([writer, reader, slow]);
});

// --- presence for those who read slowly: left out, and made up for ---

/** The names that a client sees, sorted. */
const names_of = (client) => [...client.awareness.getStates().values()].map((state) => state.name).filter(Boolean).sort().join();

test('a slow reader that catches up in time sees the latest presence of everyone, and no ghost', async (context) => {
  const use = await small_queue(context, '8MiB'); // presence is left out above a sixteenth of it
  const [alice, bob] = [await use.client('a').synced(), await use.client('a').synced()];
  alice.awareness.setLocalState({ name: 'alice-0' });
  bob.awareness.setLocalState({ name: 'bob' });
  const [slow, slow_json] = [await use.client('a').synced(), await use.json('/a')];
  slow.awareness.setLocalState(null);
  await slow_json.join();
  await until(() => names_of(slow) === 'alice-0,bob', 'it sees both', 5000, () => names_of(slow));
  await slow_json.shown({ name: 'bob' });
  slow.provider.ws.pause();
  slow_json.raw.socket.pause();
  const queues = async () => {
    const { json } = await ask_admin(use.server, '/api/v1/sessions');
    return json.sessions.map((session) => session.queuedBytes).filter((size) => size > MiB).length;
  };
  await write_until(alice, bob, async () => (await queues()) === 2);
  const skipped_before = await metric(use.metrics, 'troupe_skipped_presence');
  for (let i = 1; i <= 50; ++i) {
    alice.awareness.setLocalState({ name: `alice-${i}` });
    await pause(5);
  }
  const carol = await use.client('a').synced();
  carol.awareness.setLocalState({ name: 'carol' });
  bob.vanish();
  await until(() => names_of(carol) === 'alice-50,carol', 'the others see it at once', 5000, () => names_of(carol));
  assert.ok((await metric(use.metrics, 'troupe_skipped_presence')) > skipped_before, 'presence was left out');
  slow.provider.ws.resume();
  slow_json.raw.socket.resume();
  await until(() => names_of(slow) === 'alice-50,carol', 'it sees the latest', 8000, () => names_of(slow));
  const shown = () => [...slow_json.presence().values()].map((state) => state.name).filter(Boolean).sort().join();
  await until(() => shown() === 'alice-50,carol', 'so does the JSON client', 8000, shown);
  assert.deepEqual(slow.closes, [], 'without a reconnect');
  await converged([alice, carol, slow]);
  alice.awareness.setLocalState({ name: 'alice-51' });
  await until(() => names_of(slow) === 'alice-51,carol' && shown() === 'alice-51,carol', 'and what comes after');
});
