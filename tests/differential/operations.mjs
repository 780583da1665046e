// Edit operations of programs without Yjs (protocol/edits), seen by real yjs. Random operations are carried out by the
// engine, and by yjs 13 through its own API: both must show the same. The engine's update must show the same in yjs 13
// and in yjs 14, cursors must stay with their characters, and what authors edit meanwhile must leave all documents equal.
//
//   node operations.mjs [--seed N] [--runs N] [--steps N] [--seconds N] [--keep-going]
//
// The engine is TROUPE_ENGINE_PIPE. A failing run names its seed; the same seed repeats it.
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { Engine } from './engine.mjs';
import { generator, has_pairs, keys, texts } from './random.mjs';
import * as yjs13 from './yjs13.mjs';
import * as yjs14 from './yjs14.mjs';

const { Y } = yjs13;
const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '300' },
    steps: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '3600' },
    'keep-going': { type: 'boolean', default: false },
  },
});
const binary = process.env.TROUPE_ENGINE_PIPE;
if (!binary) throw new Error('TROUPE_ENGINE_PIPE names no binary');

const own = 2 ** 53 - 7;
const root_kinds = { text: 'text', array: 'array', map: 'map', xml: 'xml' };

/** A JSON value as a program sends it. */
const json_value = (random, depth = 0) => {
  switch (random.below(depth > 2 ? 5 : 7)) {
    case 0: return null;
    case 1: return random.chance(50);
    case 2: return random.below(1000) - 500;
    case 3: return random.below(100) + 0.25;
    case 4: return random.pick(texts);
    case 5: return Array.from({ length: random.below(4) }, () => json_value(random, depth + 1));
    default: return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(keys), json_value(random, depth + 1)]));
  }
};

/** What stands within a shared type: plain, or a shared type again. */
const inner_value = (random, depth) => (depth < 2 && random.chance(40) ? (({ type, value }) => ({ $type: type, value }))(typed_value(random, depth + 1)) : json_value(random));
const xml_value = (random, depth = 0) => (depth > 1 || random.chance(50) ? random.pick(texts)
  : { name: random.pick(['p', 'b']), attributes: random.chance(50) ? { class: random.pick(keys) } : {}, children: Array.from({ length: random.below(3) }, () => xml_value(random, depth + 1)) });
const typed_value = (random, depth = 0) => {
  switch (random.below(3)) {
    case 0: return { type: 'map', value: Object.fromEntries(Array.from({ length: random.below(3) }, () => [random.pick(keys), inner_value(random, depth)])) };
    case 1: return { type: 'array', value: Array.from({ length: random.below(3) }, () => inner_value(random, depth)) };
    default: return { type: 'text', value: random.chance(50) ? random.pick(texts) : [{ insert: random.pick(texts), attributes: { bold: true } }, { insert: { image: 1 } }] };
  }
};

// --- the same operations by the API of yjs 13 ---

const made = ({ type, value }) => {
  switch (type) {
    case 'map': return new Y.Map(Object.entries(value).map(([key, each]) => [key, made_inner(each)]));
    case 'array': return Y.Array.from(value.map(made_inner));
    case 'text': {
      const text = new Y.Text();
      if (typeof value === 'string') text.insert(0, value);
      else text.applyDelta(value);
      return text;
    }
    case 'xml': return made_xml(value);
    default: return value;
  }
};
const made_inner = (value) => (value && typeof value === 'object' && value.$type ? made({ type: value.$type, value: value.value }) : value);
const made_xml = (value) => {
  if (typeof value === 'string') return new Y.XmlText(value);
  const element = new Y.XmlElement(value.name);
  for (const [key, each] of Object.entries(value.attributes ?? {})) element.setAttribute(key, each);
  element.insert(0, (value.children ?? []).map(made_xml));
  return element;
};

const root_of = (doc, name) => ({ text: () => doc.getText('text'), array: () => doc.getArray('array'), map: () => doc.getMap('map'), xml: () => doc.getXmlFragment('xml') })[name]();
const type_at = (doc, path) => path.slice(1).reduce((type, step) => type.get(step), root_of(doc, path[0]));

/** A text without its markers of recent places, behind which yjs does not know the formats in force. */
const text_at = (doc, path) => Object.assign(type_at(doc, path), { _searchMarker: null });

const carry_out = (doc, edit) => {
  const { op, path } = edit;
  const value = edit.type ? made(edit) : edit.value;
  const parent = () => type_at(doc, path.slice(0, -1));
  const last = path.at(-1);
  switch (op) {
    case 'insertText': return edit.attributes ? text_at(doc, path).insert(edit.index, edit.text, edit.attributes) : text_at(doc, path).insert(edit.index, edit.text);
    case 'appendText': return text_at(doc, path).insert(type_at(doc, path).length, edit.text);
    case 'deleteText': return text_at(doc, path).delete(edit.index, edit.length);
    case 'formatText': return text_at(doc, path).format(edit.index, edit.length, edit.attributes);
    case 'insertEmbed': return text_at(doc, path).insertEmbed(edit.index, edit.value, edit.attributes ?? {});
    case 'setText': { const text = text_at(doc, path); text.delete(0, text.length); return text.insert(0, edit.text); }
    case 'insert': return type_at(doc, path).insert(edit.index, edit.values ?? [value]);
    case 'push': return edit.values ? type_at(doc, path).push(edit.values) : type_at(doc, path).insert(type_at(doc, path).length, [value]);
    case 'set':
      if (typeof last === 'string') return parent().set(last, value);
      parent().insert(last, [value]);
      return parent().delete(last + 1, 1);
    case 'delete': return typeof last === 'string' ? parent().delete(last) : parent().delete(last, edit.length ?? 1);
    case 'setAttribute': return type_at(doc, path).setAttribute(edit.name, edit.value);
    case 'removeAttribute': return type_at(doc, path).removeAttribute(edit.name);
    default: throw new Error(op);
  }
};

// --- random operations that fit a document ---

/** Every type of the document with its path, text as "text" and XML texts too. */
const types_of = (doc) => {
  const found = Object.keys(root_kinds).map((name) => [[name], root_of(doc, name)]);
  for (let i = 0; i < found.length; ++i) {
    const [path, type] = found[i];
    // An edit goes 100 steps down; authors nest deeper.
    const add = (step, value) => value instanceof Y.AbstractType && path.length < 100 && found.push([[...path, step], value]);
    if (type instanceof Y.Map) for (const [key, value] of type.entries()) add(key, value);
    else if (type instanceof Y.Array || type instanceof Y.XmlFragment) type.toArray().forEach((value, index) => add(index, value));
  }
  return found;
};

/** An index that cuts no pair. */
const index_in = (random, text) => {
  const index = random.below(text.length + 1);
  return /[\udc00-\udfff]/.test(text[index] ?? '') ? index - 1 : index;
};

const random_operation = (doc, random) => {
  const [path, type] = random.pick(types_of(doc));
  if (type instanceof Y.Text) {
    const text = type.toDelta().map(({ insert }) => (typeof insert === 'string' ? insert : '\0')).join('');
    const index = index_in(random, text);
    const length = index_in(random, text.slice(index));
    switch (random.below(7)) {
      case 0: return { op: 'insertText', path, index, text: random.pick(texts) };
      case 1: return { op: 'insertText', path, index, text: random.pick(texts), attributes: { bold: true } };
      case 2: return { op: 'appendText', path, text: random.pick(texts) };
      case 3: return { op: 'deleteText', path, index, length };
      case 4: return length > 0 && !has_pairs(text) ? { op: 'formatText', path, index, length, attributes: random.pick([{ bold: true }, { bold: null }, { size: 3 }]) } : null;
      case 5: return { op: 'insertEmbed', path, index, value: { image: random.below(9) } };
      default: {
        const plain = text.replaceAll('\0', '');
        const cut = index_in(random, plain);
        return { op: 'setText', path, text: random.chance(70) ? plain.slice(0, cut) + random.pick(texts) + plain.slice(cut) : random.pick(texts) };
      }
    }
  }
  if (type instanceof Y.Map) {
    const key = random.pick(keys);
    if (random.chance(25)) return type.has(key) ? { op: 'delete', path: [...path, key] } : null;
    return { op: 'set', path: [...path, key], ...(random.chance(50) ? typed_value(random) : { value: json_value(random) }) };
  }
  const is_xml = type instanceof Y.XmlFragment;
  if (type instanceof Y.XmlElement && random.chance(30)) {
    const name = random.pick(keys);
    return random.chance(70) ? { op: 'setAttribute', path, name, value: random.pick(texts) } : type.getAttribute(name) === undefined ? null : { op: 'removeAttribute', path, name };
  }
  const index = random.below(type.length + 1);
  const content = () => (is_xml ? { type: 'xml', value: xml_value(random) } : random.chance(40) ? typed_value(random) : { value: json_value(random) });
  switch (random.below(5)) {
    case 0: return { op: 'insert', path, index, ...content() };
    case 1: return is_xml ? null : { op: 'insert', path, index, values: [json_value(random), json_value(random)] };
    case 2: return { op: 'push', path, ...content() };
    case 3: return index < type.length ? { op: 'set', path: [...path, index], ...content() } : null;
    default: return index < type.length ? { op: 'delete', path: [...path, index], length: 1 + random.below(Math.min(3, type.length - index)) } : null;
  }
};

// --- comparing ---

/** Neighbours with equal attributes are one insert. */
const joined = (delta) => {
  const list = [];
  for (const { insert, attributes } of delta) {
    const last = list.at(-1);
    const shown = insert instanceof Y.AbstractType ? insert.toJSON() : insert;
    if (last && typeof last.insert === 'string' && typeof shown === 'string' && JSON.stringify(last.attributes) === JSON.stringify(attributes)) last.insert += shown;
    else list.push(attributes ? { insert: shown, attributes } : { insert: shown });
  }
  return list;
};
const shown13 = (doc) => ({
  text: joined(doc.getText('text').toDelta()),
  array: doc.getArray('array').toJSON(),
  map: doc.getMap('map').toJSON(),
  xml: doc.getXmlFragment('xml').toString(),
});
const shown_by_engine = async (ours) => {
  const root = (name) => Buffer.from([1, Buffer.byteLength(name), ...Buffer.from(name)]);
  const read = async (form, name) => Buffer.from(await ours.read('read', form, root(name))).toString();
  return {
    text: joined(JSON.parse(await read('delta', 'text'))),
    array: JSON.parse(await read('array', 'array')),
    map: JSON.parse(await read('map', 'map')),
    xml: await read('xml', 'xml'),
  };
};
const loaded = (yjs, update) => {
  const doc = new yjs.Y.Doc({ isSuggestionDoc: true });
  yjs.Y.applyUpdate(doc, update);
  return doc;
};
const same = (yjs, doc, state, what) => assert.deepEqual(yjs.shown(doc), yjs.shown(loaded(yjs, state)), what);

/** What yjs shows that carries out the same. Which attributes a text that is set inherits is up to where it differs. */
const compare = (oracle, shown, edits) => {
  const wanted = shown13(oracle);
  const sets = (root) => edits.some(({ op, path }) => op === 'setText' && path[0] === root);
  if (sets('text')) for (const each of [shown, wanted]) each.text = each.text.map(({ insert }) => (typeof insert === 'string' ? insert : '\0')).join('');
  if (sets('xml')) shown.xml = wanted.xml;
  assert.deepEqual(shown, wanted, JSON.stringify(edits));
};

/** One batch: what the engine makes of it, and what everybody sees. Returns its update. */
const edit_once = async (ours, random, is_alone) => {
  const before = await ours.encode();
  const oracle = loaded(yjs13, before);
  const text = oracle.getText('text');
  const cursors = [0, 1, 2].map(() => Y.createRelativePositionFromTypeIndex(text, random.below(text.length + 1)));
  const edits = [];
  for (let i = random.below(4); i >= 0; --i) {
    const edit = random_operation(oracle, random);
    if (!edit) continue;
    oracle.transact(() => carry_out(oracle, edit));
    edits.push(edit);
  }
  let update;
  try {
    update = await ours.operations(own, edits);
  } catch (error) {
    // An author gives a text attributes or mixes contents; without its kind, the engine takes it for something else.
    if (is_alone || !/does not fit|has no keys|has no elements/.test(error.message)) throw error;
    assert.deepEqual(await ours.encode(), before);
    return new Uint8Array();
  }
  const state = await ours.encode();
  if (is_alone) compare(oracle, await shown_by_engine(ours), edits);
  const reader = loaded(yjs13, before);
  if (update.length) Y.applyUpdate(reader, update);
  same(yjs13, reader, state, `what yjs 13 has that receives the update: ${JSON.stringify(edits)}`);
  if (is_alone) assert.deepEqual(shown13(reader), await shown_by_engine(ours), 'what it shows');
  for (const cursor of cursors) {
    const found = Y.createAbsolutePositionFromRelativePosition(cursor, reader);
    assert.ok(found && found.index <= reader.getText('text').length, 'a cursor survives');
  }
  // Half a batch that fails is none of it.
  if (random.chance(20)) {
    const encoded = () => ours.encode(new Uint8Array([0]), true); // format v2, which is not kept
    const whole = await encoded();
    await assert.rejects(ours.operations(own, [...edits, { op: 'delete', path: ['map', 'not there'] }]));
    assert.deepEqual(await encoded(), whole, 'what is left of a batch that fails');
  }
  return update;
};

const run = async (engine, seed, steps) => {
  const random = generator(seed);
  const ours = await engine.doc({ gc: random.chance(80) });
  const is_alone = seed % 2 === 0;
  const author = yjs13.make_author(100 + random.below(99), random.chance(80));
  const reader14 = loaded(yjs14, new Uint8Array([0, 0]));
  const bring = async () => {
    for (const { v1 } of author.made.splice(0)) {
      await ours.apply(v1);
      yjs14.Y.applyUpdate(reader14, v1);
    }
  };
  for (let step = 0; step < steps; ++step) {
    const update = await edit_once(ours, random, is_alone);
    if (update.length) yjs14.Y.applyUpdate(reader14, update);
    same(yjs14, reader14, await ours.encode(), 'what yjs 14 has that received the updates');
    if (is_alone) continue;
    // A real author, who hears of some of it late.
    if (random.chance(50)) Y.applyUpdate(author.doc, await ours.encode(), 'remote');
    if (random.chance(50)) author.edit(random);
    if (random.chance(50)) await bring();
  }
  await bring();
  Y.applyUpdate(author.doc, await ours.encode(), 'remote');
  await bring(); // it tidies formats up
  same(yjs13, author.doc, await ours.encode(), 'what all see in the end');
  await ours.free();
};

const steps = Number(options.steps);
const first = Number(options.seed);
const deadline = Date.now() + Number(options.seconds) * 1000;
const failed = [];
let done = 0;
let engine = new Engine(binary);
for (let seed = first; seed < first + Number(options.runs) && Date.now() < deadline; ++seed) {
  try {
    await run(engine, seed, steps);
    ++done;
  } catch (error) {
    console.error(`seed ${seed} (--seed ${seed} --runs 1 --steps ${steps}): ${error.stack}`);
    failed.push(seed);
    if (!options['keep-going']) process.exit(1);
    engine.close();
    engine = new Engine(binary);
  }
}
engine.close();
console.log(`${done} runs from seed ${first}, ${steps} steps each: yjs ${yjs13.version}, yjs ${yjs14.version} and the engine ${failed.length ? 'disagree' : 'agree'}`);
if (failed.length) {
  console.error(`${failed.length} failed: ${failed.join('; ')}`);
  process.exitCode = 1;
}
