// SIGKILL and immediate shutdown of the database under a running server, while clients of both dialects edit, come and go;
// in some rounds the server is killed with it. Editing goes on while the database is away, nothing is acknowledged then,
// /readyz names it, and all that waited is stored when it is back. Everything that was acknowledged is there, once.
//
//   node tests/faults/database_rounds.mjs [--rounds 30] [--seed 1]
import { spawnSync } from 'node:child_process';

import { can_run_postgres, postgres_server } from '../interop/support/postgres_server.mjs';
import { binary_path } from '../interop/support/server.mjs';
import {
  binary_editor, edit_until, folder_of_test, ids_in, json_editor, ledger, option, pause, random_from, report, server_with,
  settings_of, storage_tool, until,
} from './support.mjs';

if (!can_run_postgres) {
  console.log("skipped: no PostgreSQL (Debian's package postgresql)");
  process.exit();
}

const rounds = option('rounds', 30);
const seed = option('seed', Date.now() % 100000);
const random = random_from(seed);
const database = await new postgres_server(folder_of_test('database')).start();
const book = new ledger();
const problems = [];
const check = (holds, what) => holds || problems.push(what);
const counts = { rounds, server_kills: 0, edits_while_away: 0, told: 0 };

const migrated = spawnSync(binary_path(), ['storage', 'migrate', database.url]);
check(migrated.status === 0, `migrate: ${migrated.stderr}`);
const settings = settings_of('/nowhere', {
  'storage.engine': 'postgresql',
  'storage.postgresql.url': database.url,
  'storage.postgresql.statement_timeout': '5s',
});
delete settings['storage.path'];

const readiness = async (server) => {
  const answer = await fetch(`http://${server.host}:${server.port}/readyz`);
  return { ok: answer.ok, text: await answer.text() };
};
const names_of = (round) => ['a', 'b', 'c'].map((name) => `${name}${Math.floor(round / 5)}`);

/** Editors of one document, one after the other: when one goes, the document may be unloaded. */
async function come_and_go(server, round, number, state) {
  const documents = names_of(round);
  for (let visit = 0; !state.is_over && !state.is_stopping; ++visit) {
    const kind = number % 2 === 0 ? binary_editor : json_editor;
    const editor = new kind(server.url, documents[number % documents.length], `${round}.${number}.${visit}`, book);
    state.editors.push(editor);
    const is_open = await Promise.race([editor.open().then(() => true, () => false), state.over]);
    if (is_open !== true) continue;
    const stays_until = Date.now() + 300 + random() * 700;
    await edit_until(editor, () => state.is_over || state.is_stopping || (!state.is_away && Date.now() > stays_until), 1 + Math.floor(random() * 16));
    if (!state.is_over && editor.outstanding === 0) editor.destroy();
  }
}

let server = await server_with(settings);
for (let round = 0; round < rounds; ++round) {
  const state = { is_over: false, is_away: false, is_stopping: false, editors: [] };
  state.over = new Promise((resolve) => (state.end = () => resolve((state.is_over = true))));
  const editing = Array.from({ length: 6 }, (_, number) => come_and_go(server, round, number, state));
  await pause(100 + random() * 500);
  state.is_away = true;
  const before = { written: book.written };
  await (random() < 0.5 ? database.kill() : database.shut_down_immediately());
  const kills_server = round % 3 === 2;
  if (kills_server) {
    await server.kill();
    ++counts.server_kills;
  } else {
    let said;
    await until(async () => !(said = await readiness(server)).ok, '/readyz says that the database is away', 10_000, () => said?.text);
    check(/PostgreSQL/.test(said.text), `/readyz does not name the database: ${said.text}`);
    ++counts.told;
    await pause(100 + random() * 1000);
    counts.edits_while_away += book.written - before.written;
  }
  await database.start();
  if (!kills_server) {
    await until(async () => (await readiness(server)).ok, 'the server stores again', 30_000);
    state.is_stopping = true;
    await until(() => state.editors.every((editor) => editor.outstanding === 0), 'all that waited is acknowledged', 30_000,
      () => JSON.stringify(state.editors.filter((each) => each.outstanding > 0).map((each) => [each.name, each.outstanding])));
  }
  state.end();
  await Promise.allSettled(editing);
  for (const editor of state.editors) editor.destroy();
  if (kills_server) server = await server_with(settings);
  for (const name of names_of(round)) problems.push(...book.problems(name, await ids_in(server.url, name)));
}
await server.stop();
const verified = storage_tool('verify', database.url);
check(verified.code === 0, `verify: ${verified.err}${JSON.stringify(verified.report)}`);
server = await server_with(settings);
for (const name of book.names()) problems.push(...book.problems(name, await ids_in(server.url, name)));
await server.stop();
await database.stop();
check(counts.edits_while_away > 0, 'nobody could edit while the database was away');
report(`the database killed under load (seed ${seed})`,
  { ...counts, written: book.written, acknowledged: book.acknowledged, lost: book.lost }, problems);
process.exit();
