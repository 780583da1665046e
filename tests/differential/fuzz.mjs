// Differential fuzzing: random edits by real yjs documents are delivered to documents of our engine, out of
// order, repeated, merged, cut and in both formats, and back; in the end both must agree in every respect.
//
//   node fuzz.mjs [--seed N] [--runs N] [--steps N] [--seconds N]
//
// The engine is TROUPE_ENGINE_PIPE. A failing run names its seed; the same seed repeats it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Engine } from './engine.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(here, '../interop/package.json'));
const Y = require('yjs');

/** A seeded generator of 32-bit numbers (mulberry32). */
const generator = (seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (bound) => (bound <= 0 ? 0 : next() % bound);
  return { below, chance: (percent) => below(100) < percent, pick: (list) => list[below(list.length)] };
};

const texts = ['a', 'bc', 'typing', 'été', '€', 'x😀y', '🎭', '👩‍👩‍👧', '\n', 'a longer run of text, as when somebody pastes'];
const keys = ['one', 'two', 'three', '1', 'ключ'];

const random_value = (random, depth = 0) => {
  switch (random.below(depth > 2 ? 9 : 12)) {
    case 0: return null;
    case 1: return true;
    case 2: return random.below(100) - 50;
    case 3: return random.below(1 << 30) * 8;
    case 4: return 0.5 + random.below(100);
    case 5: return Math.PI * random.below(1000);
    case 6: return random.pick(texts);
    case 7: return 2 ** 53 - random.below(5);
    case 8: return undefined;
    case 9: return new Uint8Array([random.below(256), 0, 255]);
    case 10: return Array.from({ length: random.below(4) }, () => random_value(random, depth + 1) ?? null);
    default: return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(keys), random_value(random, depth + 1) ?? null]));
  }
};

const random_type = (random) => random.pick([() => new Y.Array(), () => new Y.Map(), () => new Y.Text(random.pick(texts))])();

/** The roots and all shared types below them. */
const all_types = (doc) => {
  const types = [doc.getText('text'), doc.getArray('array'), doc.getMap('map'), doc.getXmlFragment('xml')];
  for (let i = 0; i < types.length; ++i) {
    const type = types[i];
    const add = (value) => value instanceof Y.AbstractType && types.push(value);
    if (type instanceof Y.Map) type.forEach(add);
    else if (type instanceof Y.Array || type instanceof Y.XmlFragment) type.toArray().forEach(add);
  }
  return types;
};

const edit_text = (text, random) => {
  const length = text.length;
  switch (random.below(10)) {
    case 0: case 1: case 2: case 3: text.insert(random.below(length + 1), random.pick(texts)); break;
    case 4: text.insert(random.below(length + 1), random.pick(texts), { bold: true }); break;
    // A format that changes nothing still cuts the text of its author, through surrogate pairs too, and tells
    // nobody: not even two yjs documents agree then. So none where there are pairs.
    case 5: if (length && !/[\ud800-\udfff]/.test(text.toString())) { const at = random.below(length); text.format(at, 1 + random.below(length - at), random.pick([{ bold: true }, { bold: null }, { color: { r: random.below(3) } }])); } break;
    case 6: text.insertEmbed(random.below(length + 1), { image: random.below(9), list: [1, 'a', null] }); break;
    default: if (length) { const at = random.below(length); text.delete(at, 1 + random.below(Math.min(length - at, 8))); }
  }
};

const edit_array = (array, random) => {
  const length = array.length;
  if (length && random.chance(35)) {
    const at = random.below(length);
    return array.delete(at, 1 + random.below(Math.min(length - at, 4)));
  }
  const values = random.chance(20) ? [random_type(random)] : Array.from({ length: 1 + random.below(4) }, () => random_value(random) ?? null);
  array.insert(random.below(length + 1), values);
};

const edit_map = (map, random) => {
  const key = random.pick(keys);
  if (random.chance(25)) return map.delete(key);
  map.set(key, random.chance(20) ? random_type(random) : random.chance(5) ? new Y.Doc({ guid: 'sub', meta: { a: 1 } }) : random_value(random));
};

const edit_xml = (xml, random) => {
  const length = xml.length;
  if (length && random.chance(30)) return xml.delete(random.below(length), 1);
  if (xml instanceof Y.XmlElement && random.chance(30)) return xml.setAttribute(random.pick(keys), random.pick(texts));
  xml.insert(random.below(length + 1), [random.chance(50) ? new Y.XmlElement(random.pick(['p', 'DIV', 'h1'])) : new Y.XmlText(random.pick(texts))]);
};

const edit = (doc, random) => {
  doc.transact(() => {
    for (let i = 1 + random.below(3); i > 0; --i) {
      const type = random.pick(all_types(doc));
      if (type instanceof Y.Text) edit_text(type, random); // XmlText is one too
      else if (type instanceof Y.Array) edit_array(type, random);
      else if (type instanceof Y.Map) edit_map(type, random);
      else edit_xml(type, random);
    }
  });
};

/** What our JSON export writes for a value of yjs. */
const exported = (value) => {
  if (value === undefined || value === null || Number.isNaN(value) || value === Infinity || value === -Infinity) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Y.Doc) return { guid: value.guid };
  if (Array.isArray(value)) return value.map(exported);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, exported(v)]));
  return Object.is(value, -0) ? 0 : value;
};

const normal = (update, v2 = false) => {
  const doc = new Y.Doc();
  (v2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update);
  return Buffer.from(Y.encodeStateAsUpdate(doc)).toString('hex');
};

/** One author: a yjs document, and the updates of its transactions in both formats. */
const make_author = (id) => {
  const doc = new Y.Doc();
  doc.clientID = id;
  const author = { doc, made: [] };
  doc.on('update', (update, origin) => origin !== 'remote' && (author.last_v1 = update));
  doc.on('updateV2', (update, origin) => {
    if (origin === 'remote') return;
    author.made.push({ v1: author.last_v1, v2: update });
  });
  return author;
};

/** Delivers some of the waiting updates to a document of the engine. */
const deliver = async (engine, ours, random) => {
  const count = Math.min(ours.inbox.length, 1 + random.below(4));
  if (count === 0) return;
  const taken = Array.from({ length: count }, () => ours.inbox.splice(random.chance(70) ? 0 : random.below(ours.inbox.length), 1)[0]);
  if (random.chance(15)) ours.inbox.push(taken[0]); // again, later
  const v2 = random.chance(40);
  const bytes = taken.map((update) => (v2 ? update.v2 : update.v1));
  if (count > 1 && random.chance(50)) {
    const merged = random.chance(50) ? await engine.merge(bytes, v2) : (v2 ? Y.mergeUpdatesV2 : Y.mergeUpdates)(bytes);
    await apply_and_relay(ours, merged, v2);
    return;
  }
  for (const update of bytes) await apply_and_relay(ours, update, v2);
};

/** The engine's document passes on what changed, as a server does. */
const apply_and_relay = async (ours, update, v2) => {
  const [changed, is_verbatim] = await ours.doc.apply(update, v2);
  if (!changed) return;
  const relayed = is_verbatim && !v2 ? update : await ours.doc.last_change();
  ours.relayed.push(relayed);
};

const compare = async (engine, ours, author, what) => {
  const { doc } = author;
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  assert.equal(await ours.doc.has_pending(), false, `${what}: pending`);
  assert.equal(hex(await ours.doc.state_vector()), hex(Y.encodeStateVector(doc)), `${what}: state vector`);
  const state = await ours.doc.encode();
  const expected = normal(Y.encodeStateAsUpdate(doc));
  assert.equal(normal(state), expected, `${what}: state v1`);
  assert.equal(normal(await ours.doc.encode(undefined, true), true), expected, `${what}: state v2`);
  const reloaded = await engine.doc();
  await reloaded.apply(Y.encodeStateAsUpdateV2(doc), true);
  assert.equal(hex(await reloaded.encode()), expected, `${what}: our own encoding after loading yjs's v2`);
  await reloaded.free();
  assert.equal(await ours.doc.text('text'), doc.getText('text').toString(), `${what}: text`);
  assert.deepEqual(await ours.doc.array('array'), exported(doc.getArray('array').toJSON()), `${what}: array`);
  assert.deepEqual(await ours.doc.map('map'), exported(doc.getMap('map').toJSON()), `${what}: map`);
  // At once: a yjs document that is fed one by one tidies formats up, with deletions of its own.
  assert.equal(normal(Y.mergeUpdates(ours.relayed)), expected, `${what}: what was passed on`);
};

const compare_tools = async (engine, author) => {
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const v1 = Y.encodeStateAsUpdate(author.doc);
  const v2 = Y.encodeStateAsUpdateV2(author.doc);
  // We join GC structs in a row, which yjs may have apart; so what is compared is what they load as.
  assert.equal(normal(await engine.to_v2(v1), true), normal(v1), 'v1 to v2');
  assert.equal(normal(await engine.to_v1(v2)), normal(v1), 'v2 to v1');
  assert.equal(hex(await engine.state_vector_of(v1)), hex(Y.encodeStateVectorFromUpdate(v1)), 'state vector of an update');
};

const run = async (engine, seed, steps) => {
  const random = generator(seed);
  const ids = [1 + random.below(100), 4294967295 - random.below(9), 200 + random.below(5000), 70000 + random.below(9)];
  const authors = ids.slice(0, 2 + random.below(3)).map(make_author);
  const documents = [];
  for (let i = 0; i < 2; ++i) documents.push({ doc: await engine.doc(), inbox: [], relayed: [] });
  const spread = (from) => {
    for (const update of from.made.splice(0)) {
      for (const to of authors) if (to !== from && random.chance(60)) Y.applyUpdate(to.doc, update.v1, 'remote');
      for (const ours of documents) if (random.chance(92)) ours.inbox.push(update);
    }
  };
  for (let step = 0; step < steps; ++step) {
    const author = random.pick(authors);
    edit(author.doc, random);
    authors.forEach(spread);
    if (random.chance(60)) await deliver(engine, random.pick(documents), random);
  }
  for (let round = 0; round < 3; ++round) {
    for (const a of authors) for (const b of authors) if (a !== b) Y.applyUpdate(b.doc, Y.encodeStateAsUpdate(a.doc, Y.encodeStateVector(b.doc)), 'remote');
  }
  for (const [index, ours] of documents.entries()) {
    while (ours.inbox.length) await deliver(engine, ours, random);
    const v2 = random.chance(50);
    const missing = (v2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(authors[0].doc, await ours.doc.state_vector());
    await apply_and_relay(ours, missing, v2);
    await compare(engine, ours, authors[0], `document ${index}`);
    await ours.doc.free();
  }
  await compare_tools(engine, authors[0]);
};

const { values: options } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string', default: '200' }, steps: { type: 'string', default: '40' }, seconds: { type: 'string', default: '3600' } },
});
const binary = process.env.TROUPE_ENGINE_PIPE;
if (!binary) throw new Error('TROUPE_ENGINE_PIPE names no binary');
const engine = new Engine(binary);
const first = Number(options.seed ?? 1);
const deadline = Date.now() + Number(options.seconds) * 1000;
let done = 0;
for (let seed = first; seed < first + Number(options.runs) && Date.now() < deadline; ++seed, ++done) {
  try {
    await run(engine, seed, Number(options.steps));
  } catch (error) {
    console.error(`seed ${seed} (--seed ${seed} --runs 1 --steps ${options.steps}): ${error.stack}`);
    process.exit(1);
  }
}
engine.close();
console.log(`${done} runs from seed ${first}, ${options.steps} steps each: yjs ${require('yjs/package.json').version} and the engine agree`);
