// Authors and readers of yjs 13: random edits through its types, and what a document shows.
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { has_pairs, keys, random_format, random_value, texts } from './random.mjs';

const require = createRequire(path.join(path.dirname(fileURLToPath(import.meta.url)), '../interop/package.json'));
export const Y = require('yjs');
export const version = require('yjs/package.json').version;

const deep_levels = 200;

/** 200 types, each in the one before. */
const deep_type = () => {
  let type = new Y.Array();
  const outermost = type;
  for (let i = 1; i < deep_levels; ++i) {
    const inner = i % 2 ? new Y.Map() : new Y.Array();
    if (type instanceof Y.Map) type.set('in', inner);
    else type.insert(0, [inner]);
    type = inner;
  }
  return outermost;
};

const random_type = (random) => (random.chance(1) ? deep_type() : random.pick([() => new Y.Array(), () => new Y.Map(), () => new Y.Text(random.pick(texts))])());

const subdocument = (random) => new Y.Doc({ guid: `sub${random.below(9)}`, meta: { a: 1 }, autoLoad: random.chance(50) });

/** The roots and all shared types below them. */
export const all_types = (doc) => {
  const types = [doc.getText('text'), doc.getArray('array'), doc.getMap('map'), doc.getXmlFragment('xml')];
  for (let i = 0; i < types.length; ++i) {
    for (let item = types[i]._start; item; item = item.right) if (!item.deleted && item.content instanceof Y.ContentType) types.push(item.content.type);
    for (const key of [...types[i]._map.keys()].sort()) {
      const item = types[i]._map.get(key);
      if (!item.deleted && item.content instanceof Y.ContentType) types.push(item.content.type);
    }
  }
  return types;
};

/** JSON values as very old clients write them: no call of yjs makes these items any more. */
const push_legacy_json = (doc, array, random) =>
  doc.transact((transaction) => {
    let left = array._start;
    while (left?.right) left = left.right;
    const id = Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID));
    const values = Array.from({ length: 1 + random.below(3) }, () => random.pick([1, 'two', null, undefined, { three: [3] }]));
    new Y.Item(id, left, left && left.lastId, null, null, array, null, new Y.ContentJSON(values)).integrate(transaction, 0);
  });

const edit_text = (text, random) => {
  const length = text.length;
  switch (random.below(12)) {
    case 0: case 1: case 2: case 3: text.insert(random.below(length + 1), random.pick(texts)); break;
    case 4: text.insert(random.below(length + 1), random.pick(texts), { bold: true }); break;
    case 5: if (length && !has_pairs(text.toString())) { const at = random.below(length); text.format(at, 1 + random.below(length - at), random_format(random)); } break;
    case 6: text.insertEmbed(random.below(length + 1), random.chance(70) ? { image: random.below(9), list: [1, 'a', null] } : new Y.Map([['k', 1]]), random.chance(30) ? { bold: true } : {}); break;
    case 7: if (random.chance(70)) text.setAttribute(random.pick(keys), random_value(random)); else text.removeAttribute(random.pick(keys)); break;
    default: if (length) { const at = random.below(length); text.delete(at, 1 + random.below(Math.min(length - at, 8))); }
  }
};

/** yjs 13 takes a bigint as the value of a key and inside of values, but not as an element of its own. */
const in_array = (value) => (typeof value === 'bigint' ? [value] : value);

const edit_array = (array, random) => {
  const length = array.length;
  if (length && random.chance(35)) {
    const at = random.below(length);
    return array.delete(at, 1 + random.below(Math.min(length - at, 4)));
  }
  if (random.chance(5)) return push_legacy_json(array.doc, array, random);
  const values = random.chance(20) ? [random_type(random)] : random.chance(5) ? [subdocument(random)] : Array.from({ length: 1 + random.below(4) }, () => in_array(random_value(random) ?? null));
  array.insert(random.below(length + 1), values);
};

const edit_map = (map, random) => {
  const key = random.pick(keys);
  if (random.chance(25)) return map.delete(key);
  map.set(key, random.chance(20) ? random_type(random) : random.chance(5) ? subdocument(random) : random_value(random));
};

const edit_xml = (xml, random) => {
  const length = xml.length;
  if (length && random.chance(30)) return xml.delete(random.below(length), 1);
  if (xml instanceof Y.XmlElement && random.chance(40)) {
    if (random.chance(20)) return xml.removeAttribute(random.pick(keys));
    return xml.setAttribute(random.pick(keys), random.chance(10) ? new Y.Text('x') : random_value(random));
  }
  xml.insert(random.below(length + 1), [random.pick([() => new Y.XmlElement(random.pick(['p', 'DIV', 'h1'])), () => new Y.XmlText(random.pick(texts)), () => new Y.XmlHook('hook')])()]);
};

const edit_type = (type, random) => {
  if (type instanceof Y.Text) edit_text(type, random); // XmlText is one too
  else if (type instanceof Y.Array) edit_array(type, random);
  else if (type instanceof Y.Map) edit_map(type, random); // XmlHook is one too
  else edit_xml(type, random);
};

export const edit = (doc, random) => {
  doc.transact(() => {
    for (let i = 1 + random.below(3); i > 0; --i) {
      try {
        edit_type(random.pick(all_types(doc)), random);
      } catch (error) {
        // In an array with formats, which yjs 14 may put there, yjs 13 counts wrongly and stops half way.
        if (error.message !== 'Length exceeded!') throw error;
      }
    }
  });
};

/** One author: a document, and the updates of its transactions in both formats. */
export const make_author = (id, gc) => {
  const doc = new Y.Doc({ gc });
  doc.clientID = id;
  const author = { Y, doc, made: [], edit: (random) => edit(doc, random) };
  doc.on('update', (update, origin) => origin !== 'remote' && (author.last_v1 = update));
  doc.on('updateV2', (update, origin) => {
    if (origin !== 'remote') author.made.push({ v1: author.last_v1, v2: update });
  });
  return author;
};

/** A value as something that deepEqual can tell from others. */
const plain = (value) => {
  if (value instanceof Y.Doc) return { guid: value.guid };
  if (value instanceof Y.AbstractType) return shown_type(value);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (typeof value === 'bigint') return { bigint: `${value}` };
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
};

/** A delta in which neighbours with equal formats are one: yjs begins a new part at each marker. */
const joined = (delta) => {
  const parts = [];
  for (const { insert, attributes = {} } of delta) {
    const last = parts.at(-1);
    const format = JSON.stringify(Object.entries(plain(attributes)).sort());
    if (last && last.format === format && typeof last.insert === 'string' && typeof insert === 'string') last.insert += insert;
    else parts.push({ insert: plain(insert), format });
  }
  return parts;
};

const shown_type = (type) => {
  const entries = [...type._map.entries()].filter(([, item]) => !item.deleted).sort(([a], [b]) => (a < b ? -1 : 1));
  const named = Object.fromEntries(entries.map(([key, item]) => [key, plain(item.content.getContent()[item.length - 1])]));
  const shown = { named, name: type.nodeName ?? type.hookName, length: type.length };
  if (type instanceof Y.Text) shown.delta = joined(type.toDelta());
  else if (!(type instanceof Y.Map)) shown.list = type.toArray().map(plain);
  if (type instanceof Y.XmlFragment) shown.xml = xml_of(type);
  return shown;
};

/** yjs 13 cannot write XML with what yjs 14 may put there, null for one. */
const xml_of = (type) => {
  try {
    return type.toString();
  } catch (error) {
    return error.message;
  }
};

/** Everything that the four roots show: lists, keys, deltas, attributes, XML. */
export const shown = (doc) => [doc.getText('text'), doc.getArray('array'), doc.getMap('map'), doc.getXmlFragment('xml')].map(shown_type);
