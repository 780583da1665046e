// SIGKILL of the server at random times while clients of both dialects edit, come and go. Everything
// that was acknowledged is there after the restart; the clients die with the server and bring nothing
// back.
//
//   node tests/faults/kill_rounds.mjs [--rounds 50] [--seed 1]
import path from 'node:path';

import {
  binary_editor, edit_until, folder_of_test, ids_in, json_editor, ledger, option, pause, random_from, report, server_with,
  settings_of, storage_tool,
} from './support.mjs';

const rounds = option('rounds', 50);
const seed = option('seed', Date.now() % 100000);
const random = random_from(seed);
const directory = path.join(folder_of_test('kill'), 'data');
const book = new ledger();
const problems = [];

/** Documents are new every few rounds, so that the checks stay quick. */
const names_of = (round) => ['a', 'b', 'c', 'quiet'].map((name) => `${name}${Math.floor(round / 5)}`);

async function check(server, round) {
  for (const name of names_of(Math.max(0, round - 1))) problems.push(...book.problems(name, await ids_in(server.url, name)));
}

/** Editors of one document, one after the other: when one goes, the document may be unloaded. */
async function come_and_go(server, round, number, state) {
  const documents = names_of(round).slice(0, -1);
  for (let visit = 0; !state.is_over; ++visit) {
    const name = `${round}.${number}.${visit}`;
    const kind = number % 2 === 0 ? binary_editor : json_editor;
    const editor = new kind(server.url, documents[number % documents.length], name, book);
    state.editors.push(editor);
    await Promise.race([editor.open().catch(() => {}), state.over]);
    const stays_until = Date.now() + 20 + random() * 300;
    await edit_until(editor, () => state.is_over || Date.now() > stays_until, 1 + Math.floor(random() * 16));
    if (!state.is_over) editor.destroy();
  }
}

/** Edits and is quiet long enough for the document to fold, again and again. */
async function fold_and_edit(server, round, state) {
  const editor = new binary_editor(server.url, names_of(round).at(-1), `${round}.quiet`, book);
  state.editors.push(editor);
  await Promise.race([editor.open().catch(() => {}), state.over]);
  while (!state.is_over) {
    editor.add();
    await pause(15 + random() * 40);
  }
}

for (let round = 0; round < rounds; ++round) {
  const server = await server_with(settings_of(directory));
  await check(server, round);
  const state = { is_over: false, editors: [] };
  state.over = new Promise((resolve) => (state.end = () => resolve((state.is_over = true))));
  const editing = Array.from({ length: 7 }, (_, number) => come_and_go(server, round, number, state));
  editing.push(fold_and_edit(server, round, state));
  await pause(50 + random() * 600);
  await server.kill();
  state.end();
  await Promise.allSettled(editing);
  for (const editor of state.editors) editor.destroy();
}
const verified = storage_tool('verify', directory);
if (verified.code !== 0) problems.push(`verify: ${verified.err}${JSON.stringify(verified.report)}`);
const last = await server_with(settings_of(directory));
for (const name of book.names()) problems.push(...book.problems(name, await ids_in(last.url, name)));
await last.stop();
report(`SIGKILL under load (seed ${seed})`,
  { rounds, written: book.written, acknowledged: book.acknowledged, lost: book.lost }, problems);
process.exit();
