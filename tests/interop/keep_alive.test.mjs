// A client that would hear nothing gets an empty awareness frame every 20 s; y-websocket clients drop
// a link that is silent for 30 s. Slow by nature: TROUPE_SKIP_SLOW=1 leaves it out.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { use_server } from './support/fixture.mjs';
import { keep_alive_frame, same_bytes, sync_step1 } from './support/frames.mjs';
import { pause } from './support/wait.mjs';

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
