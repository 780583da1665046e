// Makes the frozen documents in data/ with the yjs that tests/interop/package-lock.json pins.
//
//   node tests/golden/make.mjs           writes data/
//   node tests/golden/make.mjs --check   writes nothing; fails where data/ differs
//
// README.md describes the files. What a case holds stands in cases.mjs.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { cases } from './cases.mjs';
import { hex, plain } from './values.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const data = path.join(here, 'data');
const require = createRequire(path.join(here, '../interop/package.json'));
const yjs_path = require.resolve('yjs');
const { default: Y } = await import(pathToFileURL(yjs_path).href);
const yjs_version = JSON.parse(readFileSync(path.join(path.dirname(yjs_path), '../package.json'))).version;
const reader_client = 999_999; // writes nothing; fixed so that it never equals an author's id

/** An empty document of `client` that collects the updates of its own edits in `updates`. */
function author(client) {
  const doc = new Y.Doc({ guid: `author-${client}` });
  doc.clientID = client;
  doc.updates = [];
  doc.on('update', (update, origin) => origin !== 'others' && doc.updates.push(update));
  return doc;
}

/** A fresh, garbage collecting document that loaded `updates` in this order. */
function loaded(updates, apply = Y.applyUpdate) {
  const doc = new Y.Doc({ guid: 'reader' });
  doc.clientID = reader_client;
  for (const update of updates) apply(doc, update);
  return doc;
}

/** What a reader sees of the root `name`. */
function read_root(doc, name, kind) {
  switch (kind) {
    case 'text': {
      const text = doc.getText(name);
      return { kind, value: text.toString(), delta: plain(text.toDelta()), attributes: plain(text.getAttributes()) };
    }
    case 'map':
      return { kind, value: plain(Object.fromEntries(doc.getMap(name).entries())) };
    case 'array':
      return { kind, value: plain(doc.getArray(name).toArray()) };
    case 'xml':
      return { kind, value: doc.getXmlFragment(name).toString() };
    default:
      throw new Error(`no way to read a root of kind ${kind}`);
  }
}

function demand(condition, message) {
  if (!condition) throw new Error(message);
}

/** The three files of one case as {file name: bytes}. */
function freeze(name, { about, roots, any_order = false, make, state_v2 }) {
  const updates = make(author);
  // The state as one update; a case of one update is frozen as that update is.
  const whole = updates.length === 1 ? updates[0] : Y.encodeStateAsUpdate(loaded(updates));
  const whole_v2 = state_v2 ? state_v2(author) : Y.convertUpdateFormatV1ToV2(whole);
  const reencoded = Y.encodeStateAsUpdate(loaded([whole]));
  const from_v2 = Y.encodeStateAsUpdate(loaded([whole_v2], Y.applyUpdateV2));
  demand(hex(from_v2) === hex(reencoded), `${name}: v1 and v2 differ`);
  if (any_order) {
    const reversed = loaded([Y.encodeStateAsUpdate(loaded([...updates].reverse()))]);
    demand(hex(Y.encodeStateAsUpdate(reversed)) === hex(reencoded), `${name}: the order matters`);
  }
  const doc = loaded([whole]);
  const expected = {
    about,
    yjs: yjs_version,
    state_vector: hex(Y.encodeStateVector(doc)),
    pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
    reencoded_v1: hex(reencoded),
    any_order,
    updates_v1: updates.length > 40 ? [] : updates.map(hex),
    roots: Object.fromEntries(Object.entries(roots).map(([root, kind]) => [root, read_root(doc, root, kind)])),
  };
  return {
    [`${name}.v1.bin`]: Buffer.from(whole),
    [`${name}.v2.bin`]: Buffer.from(whole_v2),
    [`${name}.json`]: Buffer.from(`${JSON.stringify(expected, null, 1)}\n`),
  };
}

const files = Object.assign({}, ...Object.entries(cases(Y)).map(([name, one]) => freeze(name, one)));
if (process.argv.includes('--check')) {
  const differing = Object.keys(files).filter((file) => {
    try {
      return !readFileSync(path.join(data, file)).equals(files[file]);
    } catch {
      return true;
    }
  });
  const surplus = readdirSync(data).filter((file) => !(file in files));
  for (const file of [...differing, ...surplus]) console.error(`differs: data/${file}`);
  process.exitCode = differing.length + surplus.length > 0 ? 1 : 0;
} else {
  mkdirSync(data, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(path.join(data, file), bytes);
}
const total = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
const count = Object.keys(files).length;
console.log(`${count / 3} cases, ${count} files, ${total} bytes, yjs ${yjs_version}`);
