// A client that would hear nothing gets an empty awareness frame every 20 s; y-websocket clients drop
// a link that is silent for 30 s. Slow by nature: TROUPE_SKIP_SLOW=1 leaves it out. Also a server that
// has stood still, and heard nobody meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { own_server, use_server } from './support/fixture.mjs';
import { keep_alive_frame, same_bytes, sync_step1 } from './support/frames.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();
const skip = process.env.TROUPE_SKIP_SLOW === '1' && 'TROUPE_SKIP_SLOW=1';

test('slow: a client that is silent hears a keep-alive within 25 s, and not at once', { skip }, async () => {
  const socket = await use.raw(`/${use.document()}`).open();
  socket.send(sync_step1());
  await pause(1000);
  const before = socket.frames.length;
  await pause(14000);
  assert.equal(socket.frames.length, before, 'nothing to say for the first 15 s');
  await socket.frame((frame) => same_bytes(frame, keep_alive_frame), 'a keep-alive arrives', 11000);
});

for (const stop of [1900, 2800, 4500])
  test(`a server that stood still for ${stop} ms closes nobody who answers`, async (context) => {
    const use = await own_server(context, { 'heartbeat.interval': '500ms', 'heartbeat.timeout': '2s' });
    const [writer, reader] = [await use.client('a').synced(), await use.client('a').synced()];
    process.kill(use.server.pid, 'SIGSTOP');
    await pause(stop);
    writer.text.insert(0, 'typed meanwhile');
    process.kill(use.server.pid, 'SIGCONT');
    await until(() => reader.text.toString() === 'typed meanwhile', 'it arrives');
    await pause(2500);
    for (const one of [writer, reader]) assert.deepEqual(one.closes, []);
  });
