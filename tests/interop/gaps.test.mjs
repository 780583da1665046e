// A client whose messages are lost on the way: whoever leaves a gap is asked for it, and everybody has everything soon.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Y } from './support/clients.mjs';
import { converged } from './support/documents.mjs';
import { use_server } from './support/fixture.mjs';
import { until } from './support/wait.mjs';

const use = use_server();

/** Lets the next `count` frames of a client disappear. */
function lose(client, count = 1) {
  const { ws } = client.provider;
  const send = ws.send.bind(ws);
  let lost = 0;
  ws.send = (...frame) => (lost++ < count ? undefined : send(...frame));
  return () => lost;
}

const edits = {
  'another key of a map': (doc, i) => doc.getMap('map').set(`key-${i}`, i),
  'the same key of a map': (doc, i) => doc.getMap('map').set('key', i),
  'a new root': (doc, i) => doc.getArray(`root-${i}`).push([i]),
  'the end of a text': (doc, i) => doc.getText('text').insert(doc.getText('text').length, `${i} `),
  'a deletion': (doc, i) => {
    const text = doc.getText('text');
    if (i === 2) text.delete(0, 1);
    else text.insert(0, 'xyz');
  },
};

for (const [what, edit] of Object.entries(edits)) {
  test(`a lost message is asked for when the next one comes: ${what}`, async () => {
    const document = use.document();
    const [writer, reader] = [use.client(document), use.client(document)];
    await Promise.all([writer.synced(), reader.synced()]);
    edit(writer.doc, 0);
    await converged([writer, reader]);
    writer.awareness.setLocalState(null); // so that nothing but edits is sent
    const lost = lose(writer);
    edit(writer.doc, 1);
    edit(writer.doc, 2);
    await converged([writer, reader]);
    assert.ok(lost() >= 1);
    assert.equal(reader.doc.store.pendingStructs, null);
  });
}

test('a second loser is asked, though the first never answers', async () => {
  const document = use.document();
  const silent = use.raw(`/${document}`);
  await silent.open();
  const other = new Y.Doc();
  const updates = [];
  other.on('update', (update) => updates.push(update));
  other.getText('other').insert(0, 'a');
  other.getText('other').insert(1, 'b');
  const bytes = updates[1];
  silent.send(Uint8Array.from([0, 2, bytes.length, ...bytes]));
  const step1 = (frame) => frame[0] === 0 && frame[1] === 0;
  await silent.frame(step1, 'a question');
  const [writer, reader] = [use.client(document), use.client(document)];
  await Promise.all([writer.synced(), reader.synced()]);
  lose(writer);
  writer.text.insert(0, 'one ');
  writer.text.insert(4, 'two');
  await until(() => reader.text.toString() === 'one two', 'what was lost arrives');
});
