// A small disk that fills up under a running server: it goes on running, confirms nothing that it
// cannot store, says how much space it waits for, lets documents be read, and works again by itself
// when there is space. Debian's library, which has its assertions on, must not end the process, so
// its own log may not be on that disk.
//
// A file system of its own (tmpfs) where this may mount one; else writes fail as if there were none left.
import { readdirSync } from 'node:fs';

import {
  binary_editor, edit_until, folder_of_test, ids_in, json_editor, ledger, pause, report, server_with, settings_of,
  small_disk, storage_tool, until,
} from './support.mjs';

const { directory, environment, is_mounted, ...disk } = small_disk(folder_of_test('full'));

const problems = [];
const check = (holds, what) => holds || problems.push(what);
const settings = settings_of(directory, { 'storage.write_buffer_size': '2MiB' });
const book = new ledger();
const counts = { fillings: 0, refusals: 0, acknowledged: 0, lost: 0 };

let server = await server_with(settings, environment);
const readiness = async () => {
  const answer = await fetch(`http://${server.host}:${server.port}/readyz`);
  return { ok: answer.ok, text: await answer.text() };
};
const edit = async (name, count) => {
  for (const kind of [binary_editor, json_editor]) {
    const editor = await new kind(server.url, 'plan', `${name}.${kind.name}`, book).open();
    for (let i = 0; i < count; ++i) editor.add();
    await until(() => editor.outstanding === 0, `what ${name} wrote is acknowledged`, 20000);
    editor.destroy();
  }
};

for (let filling = 0; filling < 2; ++filling) {
  await edit(`before${filling}`, 50);
  disk.fill();
  ++counts.fillings;
  const editors = [binary_editor, json_editor].map((kind) => new kind(server.url, 'notes', `full${filling}.${kind.name}`, book));
  await Promise.all(editors.map((editor) => editor.open()));
  let state;
  const is_refusing = async () => !(state = await readiness()).ok;
  const end = Date.now() + 20000;
  let refuses = false;
  const editing = editors.map((editor) => edit_until(editor, () => refuses || Date.now() > end, 4));
  while (!refuses && Date.now() < end) {
    refuses = await is_refusing();
    await pause(20);
  }
  await Promise.all(editing);
  check(refuses, 'the server never said that it does not store');
  if (refuses) ++counts.refusals;
  // It learns that at its first attempt to go on, after a second. Where only writes fail, there is space.
  await until(async () => (await is_refusing()) && (!is_mounted || /\d bytes are free .* \d+ are awaited/.test(state.text)), '/readyz says what is awaited', 10000,
    () => state.text);
  const before = new Set(book.of('plan').acknowledged);
  const readable = await ids_in(server.url, 'plan').catch((error) => [error.message]);
  check([...before].every((id) => readable.includes(id)), 'a document cannot be read while the disk is full');
  for (const editor of editors) editor.destroy();
  disk.free();
  await until(async () => !(await is_refusing()), 'the server works again', 30000);
  await edit(`after${filling}`, 50);
}
check(!readdirSync(directory).includes('LOG'), 'the library writes a log of its own into the directory');
await server.kill();
server = await server_with(settings);
for (const name of book.names()) problems.push(...book.problems(name, await ids_in(server.url, name)));
await server.stop();
const verified = storage_tool('verify', directory);
check(verified.code === 0, `verify: ${verified.err}${JSON.stringify(verified.report)}`);
Object.assign(counts, { acknowledged: book.acknowledged, lost: book.lost });
report(is_mounted ? 'a disk of 64 MiB that is full' : 'writes that fail as on a full disk', counts, problems);
process.exit();
