// With the default limits: presence, however much of it, does not delay edits, and a burst of edits passes at once.
// Also what clients send besides: several messages in one frame, types that the server does not know, empty frames.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { own_server } from './support/fixture.mjs';
import { awareness_frame, awareness_update, hex, sync_step1 } from './support/frames.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { pause, until } from './support/wait.mjs';

test('cursors that move all the time do not delay edits', async (context) => {
  const use = await own_server(context);
  const people = await Promise.all(Array.from({ length: 12 }, () => use.client('a').synced()));
  const [editor, reader] = people;
  let at = 0;
  const cursors = setInterval(() => {
    at += 1;
    for (const one of people) one.awareness.setLocalStateField('cursor', { anchor: at, head: at });
  }, 50);
  context.after(() => clearInterval(cursors));
  let slowest = 0;
  const end = Date.now() + 4000;
  for (let i = 1; Date.now() < end; ++i) {
    const begin = Date.now();
    editor.text.insert(0, 'x');
    await until(() => reader.text.length === i, `edit ${i} arrives`, 5000);
    slowest = Math.max(slowest, Date.now() - begin);
    await pause(50);
  }
  assert.ok(slowest < 500, `an edit took ${slowest} ms`);
  clearInterval(cursors);
  const last = at;
  const seen = () => [...reader.awareness.getStates().values()].map((state) => state.cursor?.anchor);
  await until(() => seen().length === people.length && seen().every((anchor) => anchor === last), 'the last cursor of each', 5000, () => `${seen()}`);
  for (const one of people) assert.deepEqual(one.closes, []);
});

test('of large presence above its rate, too, the latest arrives', async (context) => {
  const use = await own_server(context, { 'limits.presence_per_second': 5 });
  const watcher = await use.client('a').synced();
  const socket = await use.raw('/a').open();
  const pad = 'x'.repeat(100_000);
  for (let at = 1; at <= 30; ++at) socket.send(awareness_frame(awareness_update([{ client: 7, clock: at, state: { at, pad } }])));
  await until(() => watcher.awareness.getStates().get(7)?.at === 30, 'the last one', 5000, () => `${watcher.awareness.getStates().get(7)?.at}`);
});

test('two thousand edits at once arrive at once', async (context) => {
  const use = await own_server(context);
  const [writer, reader] = [await use.client('a').synced(), await use.client('a').synced()];
  const begin = Date.now();
  for (let i = 0; i < 2000; ++i) writer.text.insert(i, 'x');
  await until(() => reader.text.length === 2000, 'all arrive', 10000, () => `${reader.text.length}`);
  const took = Date.now() - begin;
  assert.ok(took < 4000, `they took ${took} ms`);
});

test('a frame with a question and a presence in it is answered and shown', async (context) => {
  const use = await own_server(context);
  const watcher = await use.client('a').synced();
  const socket = await use.raw('/a').open();
  socket.send(Buffer.concat([sync_step1(), awareness_frame(hex('01 07 01 0c 7b 22 6e 61 6d 65 22 3a 22 79 22 7d'))]));
  await until(() => socket.frames.some((frame) => frame[0] === 0 && frame[1] === 1), 'the answer');
  await until(() => watcher.awareness.getStates().get(7)?.name === 'y', 'the presence');
});

test('messages of other types and empty frames are ignored, logged once and counted', async (context) => {
  const port = await free_port();
  const use = await own_server(context, with_metrics(port));
  const socket = await use.raw('/a').open();
  for (const bytes of ['', '02 00 00', '64 01 02', '2a']) socket.send(hex(bytes));
  socket.send(sync_step1());
  await until(() => socket.frames.some((frame) => frame[0] === 0 && frame[1] === 1), 'the answer');
  await until(async () => (await metric(port, 'troupe_ignored_messages')) === 4, 'four are counted');
  assert.equal(use.server.stderr.match(/sends messages that are ignored/g)?.length, 1);
});
