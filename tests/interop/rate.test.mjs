// limits.messages_per_second on binary frames: the server reads more slowly, and nothing is dropped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { use_server } from './support/fixture.mjs';
import { sync_step1, update_frame } from './support/frames.mjs';
import { until } from './support/wait.mjs';

const rate = 200;
const burst = 20;
const use = use_server({ 'limits.messages_per_second': rate, 'limits.edit_burst': burst });

test('a client above its rate is read more slowly, and nothing of it is lost', async () => {
  const document = use.document();
  const watcher = await use.client(document).synced();
  const sender = await use.raw(`/${document}`).open();
  sender.send(sync_step1());
  const doc = new Y.Doc();
  doc.on('update', (update) => sender.send(update_frame(update)));
  const count = 200;
  const start = Date.now();
  for (let i = 0; i < count; ++i) doc.getText('text').insert(i, 'x');
  await until(() => watcher.text.length === count, 'all of it', 10000, () => `${watcher.text.length} of ${count}`);
  const seconds = (Date.now() - start) / 1000;
  const expected = (count - burst) / rate;
  assert.ok(seconds > expected * 0.6, `${seconds} s are too few for the rate`);
  assert.ok(seconds < expected * 3 + 1, `${seconds} s are too many for the rate`);
});
