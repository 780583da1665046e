// Makes the documents in data/ with several versions of yjs, in the form that ../README.md describes.
//
//   npm ci && node make.mjs           writes data/
//   npm ci && node make.mjs --check   writes nothing; fails where data/ differs
//
// What a root shows is read by the version that made it; the state vector and the re-encoded state are those of the
// newest yjs 13, which must agree with the maker's. Versions without format v2 have it converted by the newest.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { hex, plain } from '../values.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const data = path.join(here, 'data');
const newest = require('yjs-13.6');
const warn = console.error;
console.error = () => {}; // yjs warns of being loaded twice, which is what is wanted here
const y14 = await import(pathToFileURL(path.join(here, 'node_modules/@y/y/src/index.js')).href);
console.error = warn;

/** Documents of two clients, and what every client wrote, in order. */
const pair = (Y, ids) => {
  const updates = [];
  const docs = ids.map((id) => {
    const doc = new Y.Doc();
    doc.clientID = id;
    doc.on('update', (update, origin) => origin !== 'others' && updates.push(update));
    return doc;
  });
  const exchange = () => {
    const states = docs.map((doc) => Y.encodeStateAsUpdate(doc));
    docs.forEach((doc, i) => Y.applyUpdate(doc, states[1 - i], 'others'));
  };
  return { docs, updates, exchange };
};

const made_by_13 = (Y) => {
  const { docs: [a, b], updates, exchange } = pair(Y, [7, 4294967295]);
  a.getText('text').insert(0, 'Hello 😀 wörld');
  a.getArray('array').insert(0, [1, -2.5, 'drei', true, [null], { k: [1, {}] }, 2 ** 40]);
  a.getMap('map').set('one', 1);
  a.getMap('map').set('list', new Y.Array());
  a.getMap('map').get('list').insert(0, ['x', 'y', 'z']);
  exchange();
  a.getText('text').insert(5, ', dear', { bold: true });
  b.getText('text').insert(5, '!?', { color: 'red' });
  b.getText('text').delete(0, 1);
  a.getText('text').insertEmbed(3, { image: 'a.png' });
  b.getMap('map').set('one', 'eins');
  a.getMap('map').set('one', 'uno');
  a.getMap('map').get('list').delete(0, 2);
  b.getMap('map').set('gone', new Y.Map());
  b.getMap('map').get('gone').set('inner', 1);
  b.getMap('map').delete('gone');
  b.getArray('array').insert(2, [new Uint8Array([0, 255]), new Y.Text('nested')]);
  a.getArray('array').delete(1, 2);
  const element = new Y.XmlElement('p');
  a.getXmlFragment('xml').insert(0, [element]);
  element.setAttribute('class', 'wide');
  element.insert(0, [new Y.XmlText('words')]);
  exchange();
  exchange();
  const roots = {
    text: { kind: 'text', value: a.getText('text').toString(), delta: plain(a.getText('text').toDelta()), attributes: {} },
    array: { kind: 'array', value: plain(a.getArray('array').toArray()) },
    map: { kind: 'map', value: plain(a.getMap('map').toJSON()) },
    xml: { kind: 'xml', value: a.getXmlFragment('xml').toString() },
  };
  return { doc: a, updates, roots };
};

const made_by_14 = (Y) => {
  const { docs: [a, b], updates, exchange } = pair(Y, [7, 2 ** 53 - 1]);
  a.get('text').insert(0, 'Hello 😀 wörld');
  a.get('mixed').insert(0, 'text');
  a.get('mixed').insert(2, [1, { k: [] }]);
  a.get('map').setAttr('one', 1);
  exchange();
  a.get('text').insert(5, ', dear', { bold: true });
  b.get('text').delete(0, 1);
  b.get('text').format(2, 4, { color: 'red' });
  const paragraph = new Y.Type('p');
  paragraph.insert(0, 'inner');
  paragraph.setAttr('level', 2);
  b.get('mixed').insert(1, [paragraph, new Uint8Array([0, 255])]);
  a.get('mixed').setAttr('lang', 'en');
  a.get('map').setAttr('one', 'uno');
  b.get('map').setAttr('one', 'eins');
  b.get('map').setAttr('two', new Y.Type());
  b.get('map').deleteAttr('two');
  exchange();
  exchange();
  const strings = (type) => type.toDelta().children.map((op) => op).reduce((text, op) => text + (typeof op.insert === 'string' ? op.insert : ''), '');
  const roots = {
    text: { kind: 'text', value: strings(a.get('text')) },
    mixed: { kind: 'text', value: strings(a.get('mixed')) },
    map: { kind: 'map', value: plain(a.get('map').getAttrs()) },
  };
  return { doc: a, updates, roots };
};

const demand = (condition, message) => {
  if (!condition) throw new Error(message);
};
const loaded = (Y, update) => {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  return doc;
};

const freeze = (Y, version, { doc, updates, roots }) => {
  const v1 = Y.encodeStateAsUpdate(doc);
  const v2 = Y.encodeStateAsUpdateV2 ? Y.encodeStateAsUpdateV2(doc) : newest.convertUpdateFormatV1ToV2(v1);
  const reader = loaded(newest, v1);
  const reencoded = newest.encodeStateAsUpdate(reader);
  // Old versions write clients and deletions in another order; loaded again it must be the same.
  const theirs = Y.encodeStateAsUpdate(loaded(Y, v1));
  demand(hex(newest.encodeStateAsUpdate(loaded(newest, theirs))) === hex(reencoded), `${version} and the newest yjs 13 hold different states`);
  const expected = {
    about: `the work of two clients of yjs ${version}`,
    yjs: version,
    state_vector: hex(newest.encodeStateVector(reader)),
    pending: false,
    reencoded_v1: hex(reencoded),
    any_order: false,
    updates_v1: updates.map(hex),
    roots,
  };
  const name = `yjs_${version.replaceAll('.', '_').replace('-', '_')}`;
  return { [`${name}.v1.bin`]: v1, [`${name}.v2.bin`]: v2, [`${name}.json`]: `${JSON.stringify(expected, null, 1)}\n` };
};

const files = {};
for (const name of ['yjs-13.0', 'yjs-13.2', 'yjs-13.4', 'yjs-13.5']) {
  const Y = require(name);
  Object.assign(files, freeze(Y, require(`${name}/package.json`).version, made_by_13(Y)));
}
const version14 = JSON.parse(readFileSync(path.join(here, 'node_modules/@y/y/package.json'))).version;
Object.assign(files, freeze(y14, version14, made_by_14(y14)));

const differing = [];
for (const [file, content] of Object.entries(files)) {
  const at = path.join(data, file);
  if (process.argv.includes('--check')) {
    try {
      if (!readFileSync(at).equals(Buffer.from(content))) differing.push(file);
    } catch {
      differing.push(file);
    }
  } else {
    mkdirSync(data, { recursive: true });
    writeFileSync(at, content);
  }
}
for (const file of differing) console.error(`differs: data/${file}`);
process.exitCode = differing.length ? 1 : 0;
console.log(`${Object.keys(files).length / 3} documents`);
