// The server ends in front of each operation on the files of its store in turn: while it opens the
// store, writes, checkpoints, unloads, loads, puts tables together and stops. What was acknowledged is
// there afterwards, and the store is sound.
//
//   node tests/faults/kill_steps.mjs [--kills N]      how many of them; needs KILL_AT_LIBRARY
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import {
  binary_editor, folder_of_test, ids_in, json_editor, ledger, option, report, server_with, settings_of, storage_tool, until,
} from './support.mjs';

const library = process.env.KILL_AT_LIBRARY;
if (!library || !existsSync(library)) throw new Error('KILL_AT_LIBRARY names no library; tests/faults/run.sh builds it');
const folder = folder_of_test('steps');
const directory = path.join(folder, 'data');
const template = path.join(folder, 'template');
const count_file = path.join(folder, 'count');
const documents = ['plan', 'notes'];

function copy_store(from, to) {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to);
  for (const name of readdirSync(from)) copyFileSync(path.join(from, name), path.join(to, name));
}

/** Adds `count` updates and waits until they are acknowledged, or for the end of the server. */
async function add_all(editor, count, is_over) {
  for (let i = 0; i < count; ++i) editor.add();
  await until(() => editor.outstanding === 0 || is_over(), 'all is acknowledged', 20000);
}

/** Edits, leaves, comes back, edits, and stops the server: whatever a store goes through. */
async function work(server, book, name, is_over) {
  const open = [];
  const visit = async (kind, document, label, counts) => {
    if (is_over()) return;
    const editor = new kind(server.url, document, `${name}.${label}`, book);
    open.push(editor);
    await until(async () => (await Promise.race([editor.open().then(() => true, () => false), over(is_over)])) || is_over(), 'it is open');
    for (const count of counts) if (!is_over()) await add_all(editor, count, is_over);
    editor.destroy();
  };
  // 64 KiB of log make a checkpoint, as does the end of each visit.
  await visit(binary_editor, 'plan', 'first', [1, 5, 200, 300, 1]);
  await visit(json_editor, 'notes', 'second', [1, 30, 1]);
  await visit(binary_editor, 'plan', 'third', [1, 250, 1]);
  await visit(json_editor, 'plan', 'fourth', [3]);
  for (const each of open) each.destroy();
}
const over = (is_over) => until(is_over, 'the end of the server', 30000).then(() => false);

async function run(book, name, environment) {
  let server;
  try {
    server = await server_with(settings_of(directory, { 'storage.write_buffer_size': '64KiB' }), {
      LD_PRELOAD: library, TROUPE_FAULT_PATH: directory, ...environment,
    });
  } catch (error) {
    return 'while it opens';
  }
  let has_ended = false;
  const ended = server.ended(60000).then(() => (has_ended = true));
  await work(server, book, name, () => has_ended);
  if (!has_ended) await server.terminate(20000);
  await ended;
  return 'later';
}

// The store that each run begins with: some documents, a journal to read again.
{
  const book = new ledger();
  const server = await server_with(settings_of(directory));
  await work(server, book, 'template', () => false);
  await server.kill();
  copy_store(directory, template);
}
await run(new ledger(), 'count', { TROUPE_FAULT_COUNT: count_file });
const operations = statSync(count_file).size;
const stride = Math.max(1, Math.ceil(operations / option('kills', operations)));
const counts = { operations, kills: 0, 'while it opens': 0, later: 0, acknowledged: 0, lost: 0 };
const problems = [];
for (let nth = 1 + Math.floor(stride / 2); nth <= operations; nth += stride) {
  copy_store(template, directory);
  const book = new ledger();
  ++counts[await run(book, `at${nth}`, { TROUPE_KILL_AT: String(nth) })];
  ++counts.kills;
  const verified = storage_tool('verify', directory);
  if (verified.code !== 0) problems.push(`killed at ${nth}: verify: ${verified.err}${JSON.stringify(verified.report)}`);
  const again = await server_with(settings_of(directory));
  for (const name of documents) {
    const found = (await ids_in(again.url, name)).filter((id) => !id.startsWith('template'));
    problems.push(...book.problems(name, found).map((problem) => `killed at ${nth}: ${problem}`));
  }
  await again.kill();
  counts.acknowledged += book.acknowledged;
  counts.lost += book.lost;
}
report('killed at each step of opening, writing, checkpoints, unloads and stops', counts, problems);
process.exit();
