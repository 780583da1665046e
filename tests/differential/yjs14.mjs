// Authors and readers of yjs 14 (@y/y): one type for everything, client ids of 53 bits, holes in the store.
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { has_pairs, keys, random_format, random_value, texts } from './random.mjs';

const package_dir = path.join(path.dirname(fileURLToPath(import.meta.url)), '../interop/node_modules/@y/y');
export const version = JSON.parse(readFileSync(path.join(package_dir, 'package.json'))).version;
/** Both versions of yjs in one process is what is wanted here; yjs warns of it. */
const load = async () => {
  const error = console.error;
  console.error = () => {};
  try {
    return await import(pathToFileURL(path.join(package_dir, 'src/index.js')).href);
  } finally {
    console.error = error;
  }
};
export const Y = await load();

const roots = ['text', 'array', 'map', 'xml'];

const all_types = (doc) => {
  const types = roots.map((root) => doc.get(root));
  for (let i = 0; i < types.length; ++i) {
    for (let item = types[i]._start; item; item = item.right) if (!item.deleted && item.content instanceof Y.ContentType) types.push(item.content.type);
    for (const key of [...types[i]._map.keys()].sort()) {
      const item = types[i]._map.get(key);
      if (!item.deleted && item.content instanceof Y.ContentType) types.push(item.content.type);
    }
  }
  return types;
};

/** The strings of a type's sequence. */
export const text_of = (type) => {
  let text = '';
  for (let item = type._start; item; item = item.right) if (!item.deleted && item.content instanceof Y.ContentString) text += item.content.str;
  return text;
};

const new_type = (random) => {
  const type = new Y.Type(random.chance(50) ? random.pick(['p', 'Q']) : null);
  if (random.chance(50)) type.insert(0, random.pick(texts));
  if (random.chance(30)) type.setAttr(random.pick(keys), random_value(random) ?? 0);
  return type;
};

const edit_type = (type, random) => {
  const length = type.length;
  const at = random.below(length + 1);
  switch (random.below(12)) {
    case 0: case 1: case 2: type.insert(at, random.pick(texts)); break;
    case 3: type.insert(at, random.pick(texts), random_format(random)); break;
    case 4: case 5: type.insert(at, Array.from({ length: 1 + random.below(3) }, () => random_value(random) ?? null)); break;
    case 6: type.insert(at, [new_type(random)]); break;
    case 7: if (at < length && !has_pairs(text_of(type))) type.format(at, 1 + random.below(length - at), random_format(random)); break;
    case 8: type.setAttr(random.pick(keys), random.chance(20) ? new_type(random) : random_value(random) ?? null); break;
    case 9: type.deleteAttr(random.pick(keys)); break;
    case 10: if (random.chance(20)) type.insert(at, [new Y.Doc({ guid: 'sub' })]); break;
    default: if (at < length) type.delete(at, 1 + random.below(Math.min(length - at, 8)));
  }
};

export const edit = (doc, random) => {
  doc.transact(() => {
    for (let i = 1 + random.below(3); i > 0; --i) edit_type(random.pick(all_types(doc)), random);
  });
};

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

const plain = (value) => {
  if (value instanceof Y.Type) return shown_type(value);
  if (value instanceof Y.Doc) return { guid: value.guid };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (typeof value === 'bigint') return { bigint: `${value}` };
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
};

/** Contents one by one, each with the formats in force there, and the keys. */
const shown_type = (type) => {
  const list = [];
  const formats = {};
  for (let item = type._start; item; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentFormat) {
      if (item.content.value === null) delete formats[item.content.key];
      else formats[item.content.key] = item.content.value;
    } else if (item.countable) {
      const now = JSON.stringify(Object.entries(formats).sort());
      for (const value of item.content.getContent()) list.push([plain(value), now]);
    }
  }
  const entries = [...type._map.entries()].filter(([, item]) => !item.deleted).sort(([a], [b]) => (a < b ? -1 : 1));
  const named = Object.fromEntries(entries.map(([key, item]) => [key, plain(item.content.getContent()[item.length - 1])]));
  return { name: type.name, kind: type._legacyTypeRef, length: type.length, list, named };
};

export const shown = (doc) => roots.map((root) => shown_type(doc.get(root)));
