// Every kind of content that Yjs knows goes through the server and comes out byte for byte the same.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as Y from 'yjs';

import { assert_same_state, converged, normalised, state_of } from './support/documents.mjs';
import { use_server } from './support/fixture.mjs';
import { hex, sync_step1, update_frame } from './support/frames.mjs';
import { until } from './support/wait.mjs';

const use = use_server();

/**
 * Lets an author write with `write(doc)`, then a late joiner read. Fails unless both hold the same
 * bytes and `read(doc)` sees the same in both; returns what it saw.
 */
async function round_trip(write, read) {
  const document = use.document();
  const author = await use.client(document).synced();
  const watcher = await use.client(document).synced();
  write(author.doc);
  await converged([author, watcher]);
  const joiner = await use.client(document).synced();
  assert_same_state(joiner.doc, author.doc);
  const seen = read(normalised(joiner.doc));
  assert.deepEqual(seen, read(normalised(author.doc)));
  return seen;
}

test('text with inserts and deletions survives', async () => {
  const seen = await round_trip(
    (doc) => {
      const text = doc.getText('text');
      text.insert(0, 'hello world');
      text.insert(5, ',');
      text.delete(0, 1);
      text.insert(0, 'H');
      text.insert(text.length, '\n\t\u0000 \ufeff end');
    },
    (doc) => doc.getText('text').toString(),
  );
  assert.equal(seen, 'Hello, world\n\t\u0000 \ufeff end');
});

test('formatted text with attributes and embeds survives', async () => {
  const seen = await round_trip(
    (doc) => {
      const text = doc.getText('text');
      text.insert(0, 'plain bold both');
      text.format(6, 9, { bold: true });
      text.format(11, 4, { italic: true, link: { href: 'a:b', rel: ['x', null] } });
      text.insertEmbed(5, { image: 'a.png', width: 1.5 }, { alt: 'ü' });
      text.insert(0, 'red', { color: 'red' });
      text.format(0, 1, { color: null });
      text.applyDelta([{ retain: 2 }, { delete: 1 }, { insert: 'D', attributes: { bold: true } }]);
    },
    (doc) => doc.getText('text').toDelta(),
  );
  assert.ok(seen.some((part) => part.insert?.image === 'a.png' && part.attributes.alt === 'ü'));
});

test('emoji, split surrogate pairs and lone halves survive', async () => {
  const seen = await round_trip(
    (doc) => {
      const text = doc.getText('text');
      text.insert(0, 'a😀b👩‍👩‍👧c');
      text.insert(2, 'X'); // between the halves of the first emoji
      text.insert(text.length, '😀😀');
      text.delete(text.length - 1, 1); // the low half of the last one
      text.delete(text.length - 3, 1); // the high half of the one before
      text.insert(0, '\ud83d'); // half an emoji, as some editors do
      text.insert(1, '\ude00');
      text.insert(text.length, '𝄞');
    },
    (doc) => doc.getText('text').toString(),
  );
  assert.ok(seen.includes('\ufffdX\ufffd') && seen.endsWith('𝄞'));
});

test('a map with every kind of value survives, overwritten and deleted keys too', async () => {
  const values = {
    integer: 42, negative: -7, edge: 2 ** 31 - 1, over: 2 ** 31, safe: Number.MAX_SAFE_INTEGER, float32: 1.5,
    float64: 0.1, infinite: -Infinity, not_a_number: NaN, negative_zero: -0, yes: true, no: false,
    nothing: null, missing: undefined, text: 'text', empty: '', unicode: '键 😀', list: [], object: {},
    big: 2n ** 62n, negative_big: -1n, deep: { a: [{ b: [null, undefined, { c: 1n, bytes: new Uint8Array([1]) }] }] },
  };
  const seen = await round_trip(
    (doc) => {
      const map = doc.getMap('map');
      for (const [key, value] of Object.entries(values)) map.set(key, value);
      for (let i = 0; i < 5; i++) map.set('again', i);
      map.set('gone', 1);
      map.delete('gone');
      map.set('', 'the empty key');
    },
    (doc) => doc.getMap('map').toJSON(),
  );
  assert.deepEqual(seen, { ...values, again: 4, '': 'the empty key' });
});

test('an array of every kind of JSON value survives', async () => {
  const values = [
    1, -1, 0, -0, 2 ** 31 - 1, -(2 ** 31), 2 ** 53, 1.5, 0.1, 1e300, NaN, Infinity, true, false, null, '', 'ü😀',
    [], [[1, [2]]], {}, { 10: 'b', 9: 'a', key: { deep: [undefined, 5n, null] } },
  ];
  const seen = await round_trip(
    (doc) => {
      const array = doc.getArray('array');
      array.insert(0, values);
      array.insert(3, ['between']);
      array.delete(3, 1);
      array.push(['end']);
    },
    (doc) => doc.getArray('array').toJSON(),
  );
  assert.deepEqual(seen, [...values, 'end']);
});

test('binary values survive', async () => {
  const all_bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 255);
  const seen = await round_trip(
    (doc) => {
      doc.getArray('array').insert(0, [all_bytes, new Uint8Array(0)]);
      doc.getMap('map').set('large', large);
    },
    (doc) => [...doc.getArray('array').toArray(), doc.getMap('map').get('large')],
  );
  assert.deepEqual(seen, [all_bytes, new Uint8Array(0), large]);
});

test('nested maps, arrays and texts survive, deleted ones too', async () => {
  const seen = await round_trip(
    (doc) => {
      const map = doc.getMap('map');
      const list = new Y.Array();
      map.set('list', list);
      const inner = new Y.Map();
      list.push([inner, 1]);
      const text = new Y.Text('deep');
      inner.set('text', text);
      text.insert(4, '!');
      inner.set('list', Y.Array.from([1, 2]));
      const doomed = new Y.Map();
      list.push([doomed]);
      doomed.set('text', new Y.Text('never seen again'));
      doomed.get('text').insert(0, 'x');
      list.delete(2, 1);
      map.set('replaced', new Y.Array());
      map.get('replaced').push([1, 2, 3]);
      map.set('replaced', 'by a string');
    },
    (doc) => doc.getMap('map').toJSON(),
  );
  assert.deepEqual(seen, { list: [{ text: 'deep!', list: [1, 2] }, 1], replaced: 'by a string' });
});

test('XML fragments, elements, attributes, texts and hooks survive', async () => {
  const seen = await round_trip(
    (doc) => {
      const root = doc.getXmlFragment('xml');
      const paragraph = new Y.XmlElement('p');
      root.insert(0, [paragraph, new Y.XmlText('tail')]);
      paragraph.setAttribute('class', 'wide "quoted"');
      paragraph.setAttribute('level', 3);
      paragraph.setAttribute('gone', 'x');
      paragraph.removeAttribute('gone');
      const text = new Y.XmlText();
      paragraph.insert(0, [text, new Y.XmlElement('br')]);
      text.insert(0, 'some words');
      text.format(5, 5, { strong: { id: 'w' } });
      const hook = new Y.XmlHook('widget');
      root.push([hook]);
      hook.set('state', 1);
      root.insert(1, [new Y.XmlElement('Ü-Element')]);
    },
    (doc) => {
      const root = doc.getXmlFragment('xml');
      return { children: root.length, element: root.get(0).toString(), delta: root.get(0).get(0).toDelta() };
    },
  );
  assert.equal(seen.children, 4);
  assert.equal(
    seen.element,
    '<p class="wide "quoted"" level="3">some <strong id="w">words</strong><br></br></p>',
  );
});

test('subdocuments survive by their guid and sync as documents of their own', async () => {
  const guid = use.document();
  const content = new Y.Doc({ guid, autoLoad: true, meta: { title: 'sub', pages: 2 } });
  const seen = await round_trip(
    (doc) => {
      doc.getMap('map').set('sub', content);
      doc.getArray('array').push([new Y.Doc({ guid: 'listed', gc: false })]);
    },
    (doc) => {
      const sub = doc.getMap('map').get('sub');
      const listed = doc.getArray('array').get(0);
      return { guid: sub.guid, load: sub.autoLoad, meta: sub.meta, listed: listed.guid, gc: listed.gc };
    },
  );
  assert.deepEqual(seen, { guid, load: true, meta: { title: 'sub', pages: 2 }, listed: 'listed', gc: false });
  const author = await use.client(guid, { doc: content }).synced();
  author.text.insert(0, 'inside');
  const reader = await use.client(guid).synced();
  await converged([author, reader]);
  assert.equal(reader.text.toString(), 'inside');
});

test('one root used as text, map and array at once survives', async () => {
  await round_trip(
    (doc) => {
      const text = doc.getText('root');
      text.insert(0, 'words');
      text.setAttribute('attribute', [1]);
      doc.getMap('root with a long name äöü 😀').set('k', 'v');
      doc.getArray('').push([1]);
    },
    (doc) => [doc.getText('root').toString(), doc.getText('root').getAttributes(), doc.getArray('').toJSON()],
  );
});

test('a document of many clients and of very large client ids survives', async () => {
  const seen = await round_trip(
    (doc) => {
      for (const client of [1, 127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
        const other = new Y.Doc();
        other.clientID = client;
        Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
        other.getText('text').insert(0, `${client} `);
        Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
      }
    },
    (doc) => doc.getText('text').toString(),
  );
  assert.equal(seen, '9007199254740991 4294967296 4294967295 2147483648 128 127 1 ');
});

const golden = new URL('../golden/data/', import.meta.url);
const frozen = readdirSync(golden)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ name: file.slice(0, -5), ...JSON.parse(readFileSync(new URL(file, golden))) }));

for (const { name, about, reencoded_v1, updates_v1 } of frozen.filter((one) => !one.pending)) {
  test(`the frozen document ${name} goes through the server unharmed`, async () => {
    // Once as a whole, and once update by update.
    const whole = readFileSync(new URL(`${name}.v1.bin`, golden));
    for (const updates of [[whole], updates_v1.map(hex)].filter((list) => list.length > 0)) {
      const document = use.document();
      const socket = await use.raw(`/${document}`).open();
      for (const update of updates) socket.send(update_frame(update));
      const before = socket.frames.length;
      socket.send(sync_step1());
      await until(() => socket.frames.length > before, 'the server read all of it');
      const reader = await use.client(document).synced();
      assert.equal(state_of(reader.doc), reencoded_v1, about);
    }
  });
}

for (const { name, about, updates_v1 } of frozen.filter((one) => one.pending)) {
  test(`what waits in the frozen document ${name} does not hurt the visible part`, async () => {
    const document = use.document();
    const reader = await use.client(document).synced();
    const socket = await use.raw(`/${document}`).open();
    for (const update of updates_v1) socket.send(update_frame(hex(update)));
    socket.send(update_frame(hex('01 01 4d 00 04 01 04 6d 61 72 6b 01 61 00'))); // client 77: root "mark"
    await until(() => reader.doc.getText('mark').toString() === 'a', 'a later edit goes through');
    const fresh = await use.client(document).synced();
    assert.equal(fresh.doc.getText('mark').toString(), 'a', about);
    assert.equal(fresh.doc.getText('text').toString(), '');
  });
}
