// Differential test of reading: random documents by real yjs are read by yjs and by the engine, in every form, now
// and at snapshots, and relative positions made by either are found again by both after further edits. Then real
// documents, where TROUPE_DATA has them.
//
//   node reading.mjs [--seed N] [--runs N] [--steps N] [--seconds N]
//
// The engine is TROUPE_ENGINE_PIPE. A failing run names its seed; the same seed repeats it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
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

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const well_formed = (text) => Buffer.from(text).toString(); // lone halves as U+FFFD, as in UTF-8
const has_pairs = (text) => /[\ud800-\udfff]/.test(text);

// --- random documents ---

const texts = ['a', 'bc', 'typing', 'été', '€', 'x😀y', '🎭', '\n', '"quoted" <b>&\u0001', 'a longer run of text, as when somebody pastes'];
const keys = ['one', 'two', 'Three', '1', '10', 'ключ', '\uffee', '😀'];

const random_value = (random, depth = 0) => {
  switch (random.below(depth > 2 ? 10 : 13)) {
    case 0: return null;
    case 1: return random.chance(50);
    case 2: return random.below(100) - 50;
    case 3: return random.below(1 << 30) * 8;
    case 4: return 0.5 + random.below(100);
    case 5: return Math.PI * random.below(1000) * 10 ** (random.below(60) - 30);
    case 6: return random.pick(texts);
    case 7: return 2 ** 53 - random.below(5);
    case 8: return random.pick([undefined, NaN, -Infinity, -0]);
    case 9: return BigInt(random.below(1000)) * -7n;
    case 10: return new Uint8Array([random.below(256), 0, 255]);
    case 11: return Array.from({ length: random.below(4) }, () => random_value(random, depth + 1));
    default: return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(keys), random_value(random, depth + 1) ?? null]));
  }
};

/** Attributes and embeds travel as JSON text in update v1, so only values that JSON has. */
const random_format = (random) => Object.fromEntries([[random.pick(['b', 'i', 'Link', 'ключ', '\uffee', '😀']), random.pick([true, null, null, 'x😀', 7, 1.5, [1, 'z'], { href: 'u', Alt: null, '2': [], '\uffee': 1, '😀': 2 }])]]);

const random_xml = (random) => random.pick([() => new Y.XmlText(random.pick(texts)), () => new Y.XmlElement(random.pick(['p', 'DIV', 'h1'])), () => new Y.XmlHook('hook')])();
const random_type = (random) => random.pick([() => new Y.Array(), () => new Y.Map(), () => new Y.Text(random.pick(texts)), () => new Y.XmlFragment(), () => random_xml(random)])();

const root_kinds = { text: Y.Text, array: Y.Array, map: Y.Map, xml: Y.XmlFragment, xml_text: Y.XmlText };
const typed_roots = (doc) => Object.entries(root_kinds).map(([name, kind]) => doc.get(name, kind));

/** The roots and all shared types below them. */
const all_types = (doc) => {
  const types = typed_roots(doc);
  for (let i = 0; i < types.length; ++i) {
    const add = (item) => item !== null && !item.deleted && item.content instanceof Y.ContentType && types.push(item.content.type);
    for (let item = types[i]._start; item !== null; item = item.right) add(item);
    types[i]._map.forEach(add);
  }
  return types;
};

const edit_text = (text, random) => {
  const length = text.length;
  switch (random.below(12)) {
    case 0: case 1: case 2: text.insert(random.below(length + 1), random.pick(texts)); break;
    case 3: case 4: text.insert(random.below(length + 1), random.pick(texts), random_format(random)); break;
    // A format that changes nothing still cuts the text of its author, through surrogate pairs too, and tells nobody.
    case 5: case 6: case 7: if (length && !has_pairs(text.toString())) { const at = random.below(length); text.format(at, 1 + random.below(length - at), random_format(random)); } break;
    case 8: text.insertEmbed(random.below(length + 1), { image: random.below(9), list: [1, 'a', null] }, random.chance(40) ? random_format(random) : undefined); break;
    case 9: text.insertEmbed(random.below(length + 1), random_type(random)); break;
    default: if (length) { const at = random.below(length); delete_text(text, at, 1 + random.below(Math.min(length - at, 8))); }
  }
};

/** A deletion that cuts a pair, and is swallowed by a larger one in the same transaction, leaves two halves with its
    author and a whole pair with everybody else, who still have the text where nothing is collected. So none does. */
const delete_text = (text, at, length) => {
  const shown = text.toString();
  const cuts = (index) => /[\ud800-\udbff]/.test(shown[index - 1] ?? '');
  if (has_pairs(shown) && (shown.length !== text.length || cuts(at) || cuts(at + length))) text.delete(0, text.length);
  else text.delete(at, length);
};

const edit_array = (array, random) => {
  const length = array.length;
  if (length && random.chance(35)) {
    const at = random.below(length);
    return array.delete(at, 1 + random.below(Math.min(length - at, 4)));
  }
  const values = random.chance(30) ? [random_type(random)] : random.chance(5) ? [new Y.Doc({ guid: 'sub-é' })] : Array.from({ length: 1 + random.below(4) }, () => random_value(random));
  array.insert(random.below(length + 1), values.map((value) => (typeof value === 'bigint' ? [value] : value ?? null)));
};

const edit_map = (map, random) => {
  const key = random.pick(keys);
  if (random.chance(25)) return map.delete(key);
  map.set(key, random.chance(25) ? random_type(random) : random.chance(5) ? new Y.Doc({ guid: 'sub', meta: { a: 1 } }) : random_value(random));
};

const edit_xml = (xml, random) => {
  const length = xml.length;
  if (xml instanceof Y.XmlElement && random.chance(40)) {
    const key = random.pick(keys);
    return random.chance(20) ? xml.removeAttribute(key) : xml.setAttribute(key, random.chance(15) ? random_type(random) : random_value(random));
  }
  if (length && random.chance(25)) return xml.delete(random.below(length), 1);
  xml.insert(random.below(length + 1), [random_xml(random)]);
};

const edit = (doc, random) => doc.transact(() => {
  for (let i = 1 + random.below(3); i > 0; --i) {
    const type = random.pick(all_types(doc));
    if (type instanceof Y.Text) edit_text(type, random); // XmlText is one too
    else if (type instanceof Y.Array) edit_array(type, random);
    else if (type instanceof Y.Map) edit_map(type, random); // XmlHook too
    else edit_xml(type, random);
  }
});

// --- comparing ---

/** What our export writes for a value of yjs. */
const exported = (value) => {
  if (value === undefined || value === null || Number.isNaN(value) || value === Infinity || value === -Infinity) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return well_formed(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Y.Doc) return { guid: value.guid };
  if (value instanceof Y.AbstractType) return exported(value.toJSON());
  if (Array.isArray(value)) return value.map(exported);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, exported(v)]));
  return Object.is(value, -0) ? 0 : value;
};

const forms = {
  text: [Y.Text, (type) => type.toString(), String],
  delta: [Y.Text, (type) => type.toDelta(), JSON.parse],
  array: [Y.Array, (type) => type.toJSON(), JSON.parse],
  map: [Y.Map, (type) => type.toJSON(), JSON.parse],
  xml: [Y.XmlFragment, (type) => type.toString(), String],
  xml_text: [Y.XmlText, (type) => type.toString(), String],
};

const load = (update, v2 = false) => {
  const doc = new Y.Doc({ gc: false });
  (v2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update);
  return doc;
};
const normal = (update, v2 = false) => hex(Y.encodeStateAsUpdate(load(update, v2)));

const root_named = (name) => Y.encodeRelativePosition(new Y.RelativePosition(null, name, null));
const read_text = async (ours, form, type, ...at) => Buffer.from(await ours.read('read', form, type, ...at)).toString();

/** Any root in any form, since a root has no kind: what yjs shows of the document `state`, and what we show. */
const compare_forms = async (ours, state, at, what) => {
  for (const name of load(state).share.keys()) {
    for (const [form, [kind, read_yjs, parse]] of Object.entries(forms)) {
      let expected;
      try {
        expected = exported(read_yjs(load(state).get(name, kind)));
      } catch (error) {
        if (form === 'xml' && error instanceof TypeError) continue; // yjs cannot print null among the children
        throw error;
      }
      if (form === 'array' && load(state).getArray(name).toArray().some((value) => typeof value === 'string' && value.length === 1 && has_pairs(value))) continue;
      assert.deepEqual(parse(await read_text(ours, form, root_named(name), ...at)), expected, `${what}: ${name} as ${form}`);
    }
  }
};

/** By contents: what yjs says where there is no doubt. */
const compare_guesses = async (ours, doc, at, what) => {
  const all = JSON.parse(await read_text(ours, 'all', root_named(''), ...at));
  const expect = async (name, value) => {
    assert.deepEqual(all[name], value, `${what}: ${name} by contents`);
    assert.deepEqual(JSON.parse(await read_text(ours, 'json', root_named(name), ...at)), value, `${what}: ${name} alone`);
  };
  const text = doc.getText('text');
  if (text.length > 0 && !text.toDelta().some(({ insert }) => insert instanceof Y.AbstractType)) await expect('text', exported(text));
  const array = doc.getArray('array');
  if (array.toArray().some((value) => !(value instanceof Y.AbstractType))) await expect('array', exported(array));
  if (doc.getMap('map').size > 0) await expect('map', exported(doc.getMap('map')));
  if (doc.getXmlFragment('xml').length > 0) await expect('xml', exported(doc.getXmlFragment('xml')));
};

const compare_snapshot = async (ours, author, { snapshot, bytes }, what) => {
  const restored = Y.createDocFromSnapshot(author.doc, snapshot, new Y.Doc({ gc: false }));
  const state = Y.encodeStateAsUpdate(restored);
  await compare_forms(ours, state, [bytes], what);
  await compare_guesses(ours, restored, [bytes], what);
  // A type in a delta of yjs is the type as it is now, so that is left to the document restored above.
  const delta = author.doc.getText('text').toDelta(snapshot);
  if (!delta.some(({ insert }) => insert instanceof Y.AbstractType))
    assert.deepEqual(JSON.parse(await read_text(ours, 'delta', root_named('text'), bytes)), exported(delta), `${what}: toDelta(snapshot)`);
  // yjs does not cut GC structs, so that its document may know more than the snapshot; ours does not.
  const ours_restored = await ours.read('restore', bytes);
  const is_exact = hex(Y.encodeStateVector(restored)) === hex(Y.encodeStateVector(load(ours_restored, true)));
  if (is_exact) assert.equal(normal(ours_restored, true), normal(state), `${what}: restored`);
  else assert.equal(hex(bytes).endsWith(hex(Y.encodeStateVector(load(ours_restored, true)))), true, `${what}: state of the restored`);
  for (const update of author.updates) {
    const [contains] = await ours.read('contains', bytes, update);
    assert.equal(contains === 1, Y.snapshotContainsUpdate(snapshot, update), `${what}: contains an update`);
  }
};

const type_position = (type) => {
  const { type: id, tname } = Y.createRelativePositionFromTypeIndex(type, 0, -1);
  return new Y.RelativePosition(id, tname, null);
};

/** A position in a random type, made by both. */
const make_position = async (ours, doc, random) => {
  const type = random.pick(all_types(doc));
  const index = random.below(type._length + 3);
  const assoc = random.pick([0, 0, -1, -1, 3, -2]);
  const position = Y.createRelativePositionFromTypeIndex(type, index, assoc);
  const reply = await ours.read('make_position', Y.encodeRelativePosition(type_position(type)), `${index}`, `${assoc}`);
  const size = reply[0]; // below 128
  assert.equal(hex(reply.subarray(1, 1 + size)), hex(Y.encodeRelativePosition(position)), `position ${index} (${assoc})`);
  assert.deepEqual(JSON.parse(Buffer.from(reply.subarray(1 + size)).toString()), JSON.parse(JSON.stringify(Y.relativePositionToJSON(position))), 'position in JSON');
  return Y.encodeRelativePosition(position);
};

const compare_position = async (ours, doc, position, what) => {
  const found = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(position), doc);
  const reply = JSON.parse(Buffer.from(await ours.read('find_position', position)).toString());
  if (found === null) return assert.equal(typeof reply, 'string', `${what}: yjs finds no index`);
  const type = JSON.parse(JSON.stringify(Y.relativePositionToJSON(type_position(found.type))));
  assert.deepEqual(reply, { type, index: found.index }, what);
};

/** A yjs document and one of the engine that is told everything the first one does. */
const make_pair = async (engine, gc) => {
  const pair = { doc: new Y.Doc({ gc }), ours: await engine.doc({ gc }), updates: [], told: 0 };
  pair.doc.on('update', (update) => pair.updates.push(update));
  pair.tell = async () => {
    while (pair.told < pair.updates.length) await pair.ours.apply(pair.updates[pair.told++]);
  };
  return pair;
};

const run = async (engine, seed, steps) => {
  const random = generator(seed);
  const author = await make_pair(engine, false);
  const other = new Y.Doc();
  const collecting = await make_pair(engine, true); // its roots stay untyped: yjs edits typed texts by itself
  [author.doc.clientID, other.clientID, collecting.doc.clientID] = [2 + random.below(100), random.pick([1, 4294967295]), 150];
  const snapshots = [], positions = [];
  for (let step = 0; step < steps; ++step) {
    edit(random.chance(70) ? author.doc : other, random);
    if (random.chance(40)) Y.applyUpdate(other, Y.encodeStateAsUpdate(author.doc, Y.encodeStateVector(other)));
    if (random.chance(40)) Y.applyUpdate(author.doc, Y.encodeStateAsUpdate(other, Y.encodeStateVector(author.doc)));
    await author.tell();
    if (random.chance(15)) {
      const snapshot = Y.snapshot(author.doc);
      const bytes = Y.encodeSnapshot(snapshot);
      assert.equal(hex(await author.ours.read('snapshot')), hex(bytes), 'snapshot');
      assert.equal(hex(await author.ours.read('snapshot_v2')), hex(Y.encodeSnapshotV2(snapshot)), 'snapshot v2');
      snapshots.push({ snapshot, bytes });
    }
    if (random.chance(50)) positions.push(await make_position(author.ours, author.doc, random));
    Y.applyUpdate(collecting.doc, Y.encodeStateAsUpdate(author.doc, Y.encodeStateVector(collecting.doc)));
    await collecting.tell();
    for (const position of positions.slice(-4)) await compare_position(author.ours, author.doc, position, `position at step ${step}`);
  }
  for (const position of positions) {
    await compare_position(author.ours, author.doc, position, 'position');
    await compare_position(collecting.ours, collecting.doc, position, 'position, with collection');
  }
  const state = Y.encodeStateAsUpdate(author.doc);
  await compare_forms(author.ours, state, [], 'now');
  await compare_guesses(author.ours, author.doc, [], 'now');
  await compare_forms(collecting.ours, Y.encodeStateAsUpdate(collecting.doc), [], 'collected');
  for (const [index, each] of snapshots.entries()) await compare_snapshot(author.ours, author, each, `snapshot ${index} of ${snapshots.length}`);
  // The same document that came in the other format reads the same, to the byte.
  const from_v2 = await engine.doc({ gc: false });
  await from_v2.apply(Y.encodeStateAsUpdateV2(author.doc), true);
  for (const form of ['all', ...Object.keys(forms)])
    for (const name of Object.keys(root_kinds)) assert.equal(await read_text(from_v2, form, root_named(name)), await read_text(author.ours, form, root_named(name)), `${name} as ${form} from v2`);
  await Promise.all([author.ours.free(), collecting.ours.free(), from_v2.free()]);
  return snapshots.length + positions.length;
};

// --- real documents ---

const real_documents = { 'octo-basic.bin': false, 'octo-large.bin': false, 'octo-with-subdoc.bin': false, 'S1.yjs': true, 'C1.yjs': true, 'A1.yjs': true };

const compare_real = async (engine, folder) => {
  let count = 0;
  for (const [name, v2] of Object.entries(real_documents)) {
    const file = path.join(folder, 'yjs-updates', name);
    if (!existsSync(file)) {
      console.log(`${name} left out: ${file} is not there (TROUPE_DATA names the folder)`);
      continue;
    }
    const update = new Uint8Array(readFileSync(file));
    const ours = await engine.doc();
    await ours.apply(update, v2);
    const collected = new Y.Doc();
    (v2 ? Y.applyUpdateV2 : Y.applyUpdate)(collected, update);
    const state = Y.encodeStateAsUpdate(collected);
    assert.equal(normal(await ours.encode()), normal(state), `${name}: state v1`);
    assert.equal(normal(await ours.encode(undefined, true), true), normal(state), `${name}: state v2`);
    assert.ok(!v2 || collected.getText('text').length > 0, `${name} has a text`);
    await compare_forms(ours, state, [], name);
    await ours.free();
    ++count;
  }
  return count;
};

const { values: options } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '100' }, steps: { type: 'string', default: '40' }, seconds: { type: 'string', default: '3600' } },
});
const binary = process.env.TROUPE_ENGINE_PIPE;
if (!binary) throw new Error('TROUPE_ENGINE_PIPE names no binary');
const engine = new Engine(binary);
const first = Number(options.seed);
const deadline = Date.now() + Number(options.seconds) * 1000;
const fail = (what, error) => {
  console.error(`${what}: ${error.stack}`);
  process.exit(1);
};
let done = 0, compared = 0;
for (let seed = first; seed < first + Number(options.runs) && Date.now() < deadline; ++seed, ++done) {
  compared += await run(engine, seed, Number(options.steps)).catch((error) => fail(`seed ${seed} (--seed ${seed} --runs 1 --steps ${options.steps})`, error));
}
const real = await compare_real(engine, process.env.TROUPE_DATA ?? path.join(here, '../../../shared/data')).catch((error) => fail('real documents', error));
engine.close();
console.log(`${done} documents from seed ${first} (${options.steps} steps, ${compared} snapshots and positions) and ${real} real ones: yjs ${require('yjs/package.json').version} and the engine read the same`);
