// The inputs of the comparison: real documents from the data folder, in both formats, and the
// recorded typing of one author as a stream of single updates. What has to be made is made once, by
// yjs, and kept in a folder below build/. Without the data a synthetic author types instead.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import * as shapes from './inputs/shapes.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const data_dir = process.env.TROUPE_DATA ?? join(root, '../shared/data');
export const made_dir = join(root, 'build/bench-inputs');
const author = 2_345_678_901; // as long as the id of any client
const missing_structs = 100;

/** The file `name` in the folder of made inputs; `make` gives its bytes if it is not there yet. */
function made(name, make) {
  mkdirSync(made_dir, { recursive: true });
  const file = join(made_dir, name);
  if (!existsSync(file)) {
    writeFileSync(`${file}.part`, make());
    renameSync(`${file}.part`, file);
  }
  return file;
}

function as_stream(updates) {
  const out = encoding.createEncoder();
  for (const update of updates) encoding.writeVarUint8Array(out, update);
  return encoding.toUint8Array(out);
}

/** The updates (v1) of one author who makes these edits, one update each. */
function updates_of(edits) {
  const doc = new Y.Doc();
  doc.clientID = author;
  const text = doc.getText('text');
  const updates = [];
  doc.on('update', (update) => updates.push(update));
  for (const [position, deleted, inserted] of edits) {
    if (deleted > 0) text.delete(position, deleted);
    if (inserted !== '') text.insert(position, inserted);
  }
  return updates;
}

/** Edits of somebody who types words, now and then elsewhere, and deletes some of it; always the same. */
function synthetic_edits(count) {
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const edits = [];
  for (let length = 0, cursor = 0; edits.length < count; ) {
    if (random(40) === 0) cursor = random(length + 1);
    if (cursor > 0 && random(10) < 3) {
      edits.push([--cursor, 1, '']);
      length--;
    } else {
      edits.push([cursor++, 0, 'abcdefgh '[random(9)]]);
      length++;
    }
  }
  return edits;
}

/** The state vector of somebody who lacks the last structs of the client that has most. */
function vector_behind(update, format) {
  const doc = new Y.Doc();
  (format === 2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update);
  const all = [...doc.store.clients.entries()].sort(([, a], [, b]) => b.length - a.length);
  const vector = Y.decodeStateVector(Y.encodeStateVector(doc));
  const [client, structs] = all[0];
  vector.set(client, structs[Math.max(0, structs.length - missing_structs)].id.clock);
  return Y.encodeStateVector(vector);
}

const all_tasks = ['load', 'encode', 'diff', 'state-vector', 'text', 'memory'];

/** A document as two inputs, one per format, from the bytes of either, or what makes them. */
function document_inputs(name, given, format, rest = {}) {
  return [1, 2].map((wanted) => {
    const file = made(`${name}.v${wanted}`, () => {
      const bytes = typeof given === 'function' ? given() : given;
      if (wanted === format) return bytes;
      return wanted === 1 ? Y.convertUpdateFormatV2ToV1(bytes) : Y.convertUpdateFormatV1ToV2(bytes);
    });
    const from = made(`${name}.v${wanted}.sv`, () => vector_behind(readFileSync(file), wanted));
    return { name: `${name} v${wanted}`, file, from, format: wanted, is_stream: false, root: 'text', tasks: all_tasks, ...rest };
  });
}

/** Documents as applications make them (inputs/shapes.mjs), and a board on which two people drag shapes about. */
function shape_inputs({ is_quick }) {
  const tasks = ['load', 'encode', 'diff', 'json', 'memory'];
  const names = is_quick ? ['board', 'blocks'] : ['board', 'tasks', 'blocks', 'spreadsheet', 'outline'];
  const inputs = names.flatMap((name) => {
    const [v1, v2] = document_inputs(name, shapes[name], 1, { root: 'root', tasks });
    return is_quick ? [v1] : [v1, { ...v2, tasks: ['load', 'encode'] }];
  });
  let drags;
  const part = (name, make) => made(name, () => make((drags ??= shapes.board_drags())));
  const base = part('drags.base', (all) => all.base);
  const file = part('drags.stream', (all) => as_stream(all.updates));
  inputs.push({ name: 'dragging', base, file, format: 1, is_stream: true, root: 'root', tasks: ['apply', 'memory'] });
  return inputs;
}

/** All inputs, and what had to be left out or made up. */
export function find_inputs({ is_quick }) {
  const inputs = [];
  const notes = [];
  const add = (name, file, format, rest) => {
    const path = join(data_dir, 'yjs-updates', file);
    if (!existsSync(path)) notes.push(`${name} is left out: there is no yjs-updates/${file} in the data folder (TROUPE_DATA)`);
    else inputs.push(...document_inputs(name, readFileSync(path), format, rest));
  };
  add('B4', 'b4-update.bin', 1);
  for (const name of is_quick ? ['C1'] : ['S1', 'C1', 'A1']) add(name, `${name}.yjs`, 2);
  add('octo-large', 'octo-large.bin', 1, { root: 'space:page0', tasks: ['load', 'encode', 'json', 'memory'] });

  const trace = join(data_dir, 'traces/automerge-paper.json.gz');
  const is_real = existsSync(trace);
  const name = is_real ? 'typing' : 'synthetic typing';
  if (!is_real) notes.push('the typing is synthetic: there is no traces/automerge-paper.json.gz in the data folder');
  const edits = () =>
    is_real ? JSON.parse(gunzipSync(readFileSync(trace)).toString()).txns.flatMap((txn) => txn.patches) : synthetic_edits(100_000);
  const file = made(`${is_real ? 'typing' : 'synthetic-typing'}.stream`, () => as_stream(updates_of(edits())));
  const stream = { name, file, format: 1, is_stream: true, root: 'text' };
  inputs.push({ ...stream, tasks: ['apply', 'memory'], is_slow: true });
  inputs.push({ ...stream, name: `${name}, first 2,000`, first: 2000, tasks: ['merge'] });
  if (inputs.length === 2) {
    const doc = new Y.Doc();
    for (const update of updates_of(synthetic_edits(50_000))) Y.applyUpdate(doc, update);
    inputs.unshift(...document_inputs('synthetic', Y.encodeStateAsUpdate(doc), 1));
  }
  inputs.push(...shape_inputs({ is_quick }));
  return { inputs, notes };
}
