// Every kind of content with every kind of value in each of its places, made by hand. What the engine takes, yjs 13 and
// yjs 14 must load: nothing throws, what stands beside it is seen, and a newcomer who loads from them gets the whole
// document, in both formats. What the engine refuses is not given to them.
//
//   node contents.mjs
//
// The engine is TROUPE_ENGINE_PIPE.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from './engine.mjs';
import * as yjs13 from './yjs13.mjs';
import * as yjs14 from './yjs14.mjs';

const require = createRequire(path.join(path.dirname(fileURLToPath(import.meta.url)), '../interop/package.json'));
const encoding = require('lib0/encoding');
const binary = process.env.TROUPE_ENGINE_PIPE;
if (!binary) throw new Error('TROUPE_ENGINE_PIPE names no binary');

const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const text = (of) => {
  const out = encoding.createEncoder();
  encoding.writeVarString(out, of);
  return Buffer.from(encoding.toUint8Array(out));
};
const object = (...members) => bytes([118, members.length], ...members.map(([key, value]) => bytes(text(key), value)));
const nested = (levels, open, inner) => bytes(...Array(levels).fill(open), inner);

/** The values of lib0, each kind and its edges, as bytes. */
const values = {
  undefined: [127], null: [126], zero: [125, 0], 'minus zero': [125, 64], integer: [125, 5], infinity: [124, 0x7f, 0x80, 0, 0],
  'not a number': [123, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], float: [123, 64, 9, 33, 251, 84, 68, 45, 24], bigint: [122, 255, 255, 255, 255, 255, 255, 255, 255],
  false: [121], true: [120], text: bytes([119], text('a')), 'empty text': [119, 0],
  'empty object': [118, 0], object: object(['a', [125, 1]]), 'object with a member twice': object(['a', [126]], ['a', [120]]),
  'object with an undefined member': object(['a', [127]]), 'object with the name of a method': object(['toString', [126]], ['constructor', [126]], ['length', [125, 9]]),
  'object without prototype': object(['__proto__', [126]]), 'object with an object as prototype': object(['__proto__', object(['shouldLoad', [120]])]),
  'object with an array as prototype': object(['__proto__', [117, 0]]), 'object with bytes as prototype': object(['__proto__', [116, 1, 7]]),
  'object in whose prototype are bytes': object(['__proto__', object(['__proto__', [116, 0]])]), 'bytes as prototype in an array': bytes([117, 2, 126], object(['__proto__', [116, 0]])),
  'empty array': [117, 0], array: [117, 2, 127, 126], bytes: [116, 2, 0, 255], 'no bytes': [116, 0],
  'arrays 900 deep': nested(900, [117, 1], [126]), 'objects 900 deep': nested(900, bytes([118, 1], text('a')), [126]),
};

/** The same for the places where JSON stands. */
const json_texts = {
  null: 'null', true: 'true', number: '-1.5e3', infinity: '1e999', text: '"a"', surrogate: '"\\ud800"', array: '[1,[null]]', object: '{"a":{"b":[]}}', 'empty object': '{}',
  'object without prototype': '{"__proto__":null}', 'object with a prototype': '{"__proto__":{"a":1}}', 'object with the name of a method': '{"toString":null,"constructor":1}',
  'arrays 900 deep': '['.repeat(900) + ']'.repeat(900), undefined: 'undefined', nothing: '', 'half an array': '[1',
};

const long_name = 'n'.repeat(10_000);
const names = ['', 'k', '__proto__', 'constructor', 'toString', long_name];

/** Options that yjs itself reads from those of a subdocument. */
const options = ['guid', 'collectionid', 'gc', 'gcFilter', 'meta', 'autoLoad', 'shouldLoad', 'isSuggestionDoc', 'other'];

/** [what it is, content reference, content] of each case. */
function* contents() {
  for (const [what, value] of Object.entries(values)) {
    yield [`any: ${what}`, 8, bytes([1], value)];
    yield [`any: a number and ${what}`, 8, bytes([2, 125, 1], value)];
    yield [`options: ${what}`, 9, bytes(text('guid'), value)];
    for (const option of options) yield [`option ${option}: ${what}`, 9, bytes(text('guid'), object([option, value]))];
    yield [`options of a subdocument without a name: ${what}`, 9, bytes(text(''), value)];
  }
  for (const [what, json] of Object.entries(json_texts)) {
    yield [`json: ${what}`, 2, bytes([1], text(json))];
    yield [`embed: ${what}`, 5, text(json)];
    for (const name of names) yield [`format ${name.slice(0, 20)}: ${what}`, 6, bytes(text(name), text(json))];
  }
  for (const kind of [0, 1, 2, 3, 4, 5, 6]) for (const name of kind === 3 || kind === 5 ? names : ['']) yield [`type ${kind} ${name.slice(0, 20)}`, 7, bytes([kind], kind === 3 || kind === 5 ? text(name) : [])];
  yield ['binary', 3, [3, 0, 1, 255]];
  yield ['no binary', 3, [0]];
  yield ['text', 4, text('text\0')];
}

const roots = ['text', 'array', 'map', 'xml'];

/** Client 1 writes the content into a root, as a value of `key` or into the sequence; client 2 a text beside it. */
const update_of = (root, key, kind, content) =>
  bytes([2, 1, 2, 0, 4, 1], text('beside'), text('seen'), [1, 1, 0, key === undefined ? kind : kind | 32, 1], text(root), key === undefined ? [] : text(key), content, [0]);

const places = [...roots.map((root) => [root, undefined]), ...names.map((name) => ['map', name]), ['xml', 'k'], ['text', 'k']];

/** Loads `update` in this version of yjs, and from there into a second document; both must show all of it. */
function must_load({ Y, shown }, update, format, what) {
  const load = (bytes_of, how) => {
    const doc = new Y.Doc();
    Y[`applyUpdate${how}`](doc, bytes_of);
    const beside = doc.getText ? doc.getText('beside') : doc.get('beside');
    assert.match(beside.toString(), /seen/, `${what}: what stands beside it`);
    shown(doc);
    return doc;
  };
  const first = load(update, format);
  const vector = Buffer.from(Y.encodeStateVector(first)).toString('hex');
  for (const how of ['', 'V2']) {
    const second = load(Y[`encodeStateAsUpdate${how}`](first), how);
    assert.equal(Buffer.from(Y.encodeStateVector(second)).toString('hex'), vector, `${what}: a newcomer by${how || 'V1'}`);
  }
}

const engine = new Engine(binary);
const counts = { taken: 0, refused: 0 };
for (const [root, key] of places)
  for (const [content_name, kind, content] of contents()) {
    const what = `${content_name} in ${root}${key === undefined ? '' : ` at the key "${key.slice(0, 20)}"`}`;
    const update = update_of(root, key, kind, content);
    const doc = await engine.doc();
    let state;
    try {
      await doc.apply(update);
      state = await doc.encode();
    } catch {
      ++counts.refused;
      continue;
    } finally {
      await doc.free();
    }
    ++counts.taken;
    const v2 = await engine.to_v2(update);
    for (const version of [yjs13, yjs14]) {
      const name = `${what}, yjs ${version.version}`;
      try {
        must_load(version, update, '', name);
        must_load(version, state, '', `${name}, state of the engine`);
        must_load(version, v2, 'V2', `${name}, converted`);
      } catch (error) {
        throw new Error(`${name}: the engine takes ${update.subarray(0, 200).toString('hex')}`, { cause: error });
      }
    }
  }
engine.close();
assert.ok(counts.refused > places.length * 10, 'some contents are refused');
assert.ok(counts.taken > counts.refused, 'most contents are taken');
console.log(`contents: ${counts.taken} taken and loaded by yjs ${yjs13.version} and yjs ${yjs14.version}, ${counts.refused} refused`);
