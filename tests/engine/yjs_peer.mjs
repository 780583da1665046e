// A Y.Doc for with_yjs.py: reads requests as lines of JSON, edits at random, and answers what it shows.
import { createRequire } from 'node:module';
import readline from 'node:readline';

const Y = createRequire(new URL('../interop/package.json', import.meta.url))('yjs');

const doc = new Y.Doc();
const text = doc.getText('text');
const map = doc.getMap('map');
const array = doc.getArray('array');
const words = ['n', 'op', 'qrs', ' ', 'é', '😀', 'y'.repeat(40)];

/** Small numbers from a seed: mulberry32. */
function random_source(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A place that halves no surrogate pair, as an editor would choose it. */
function whole_place(index) {
  const unit = text.toString().charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff ? index - 1 : index;
}

function random_edit(random) {
  const length = text.length;
  switch (random(7)) {
    case 0: case 1: text.insert(whole_place(random(length + 1)), words[random(words.length)]); break;
    case 2: {
      const from = whole_place(random(length + 1));
      const to = whole_place(Math.min(length, from + 1 + random(4)));
      if (to > from) text.delete(from, to - from);
      break;
    }
    case 3: {
      const from = whole_place(random(length + 1));
      const to = whole_place(Math.min(length, from + 1 + random(20)));
      if (to > from) text.format(from, to - from, random(2) ? { em: true } : { bold: null });
      break;
    }
    case 4: map.set('abcd'[random(4)], [random(9), 'from yjs', { deep: [null] }][random(3)]); break;
    case 5: map.delete('abcd'[random(4)]); break;
    default:
      if (random(3) && array.length > 0) array.delete(random(array.length), 1);
      else array.insert(random(array.length + 1), [random(100), { k: 'v' }]);
  }
}

const bytes = (base64) => new Uint8Array(Buffer.from(base64, 'base64'));
const base64 = (data) => Buffer.from(data).toString('base64');

/** Neighbours with equal formats are one part: yjs begins a new one at each marker. */
function joined_delta() {
  const parts = [];
  for (const { insert, attributes = {} } of text.toDelta()) {
    const last = parts.at(-1);
    const sorted = JSON.stringify(Object.entries(attributes).sort());
    if (last && last.sorted === sorted) last.insert += insert;
    else parts.push({ insert, attributes, sorted });
  }
  return parts.map(({ insert, attributes }) => ({ insert, attributes }));
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const v2 = request.encoding === 2;
  if (request.apply) (v2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, bytes(request.apply));
  const random = random_source(request.seed);
  for (let i = 0; i < request.edits; i += 1) random_edit(random);
  const update = (v2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(doc, bytes(request.known));
  console.log(JSON.stringify({
    update: base64(update), known: base64(Y.encodeStateVector(doc)),
    delta: joined_delta(), map: map.toJSON(), array: array.toJSON(),
  }));
}
