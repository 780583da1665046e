// Watched directories as docs/file-changes.md describes them: a file changes, the JSON sessions of its document hear it.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { sync_step1 } from './support/frames.mjs';
import { refused_start } from './support/server.mjs';
import { pause, until } from './support/wait.mjs';

const debounce = 50;

/**
 * A server that watches `notes` (each file is a document of its own) and `build` (all files belong to one document) in a
 * temporary folder; `more` is YAML for the section `watch`.
 */
async function watching(context, more = '') {
  const folder = temporary_folder();
  const at = (...parts) => path.join(folder, ...parts);
  for (const name of ['notes', 'notes/old', 'build']) mkdirSync(at(name));
  writeFileSync(at('notes', 'there.md'), 'from the beginning');
  const file = at('troupe.yaml');
  writeFileSync(file, [
    'watch:', `  debounce: ${debounce}ms`, '  directories:',
    `    - directory: "${at('notes')}"`, '      document: "notes/{path}"', '      include: ["*.md", "**/*.txt"]',
    `    - directory: "${at('build')}"`, '      document: build-status', more,
  ].join('\n'));
  const use = await own_server(context, { 'limits.messages_per_second': 0 }, { file });
  const joined = async (document) => {
    const client = await use.json('/');
    await client.join(document);
    return client;
  };
  return { ...use, at, joined, write: (name, text) => writeFileSync(at(name), text) };
}

/** Waits until a client has heard exactly these paths, in this order. */
async function hears(client, ...paths) {
  const heard = () => client.events().map((payload) => payload.path);
  await until(() => heard().length >= paths.length, `${paths} is heard`, 5000, () => client.seen());
  assert.deepEqual(client.events(), paths.map((one) => ({ event: 'file-changed', path: one })));
}

/** Long enough for what should not be told to be told. */
const quiet = () => pause(debounce * 4);

test('a file that is written is told to the JSON sessions of its document, and to nobody else', async (context) => {
  const use = await watching(context);
  const [first, second] = [await use.joined('notes/todo.md'), await use.joined('notes/todo.md')];
  const others = [await use.joined('notes/other.md'), await use.joined('todo.md'), await use.joined('build-status')];
  const provider = await use.client('notes/todo.md').synced();
  const binary = await use.raw('/notes/todo.md').open();
  binary.send(sync_step1());
  await binary.frame(() => true, 'an answer');
  await quiet();
  const before = binary.frames.length;
  use.write('notes/todo.md', 'one');
  await hears(first, 'todo.md');
  await hears(second, 'todo.md');
  assert.deepEqual(first.of('update')[0].docName, 'notes/todo.md');
  use.write('notes/todo.md', 'two');
  await hears(first, 'todo.md', 'todo.md');
  for (const other of others) assert.deepEqual(other.events(), []);
  assert.equal(binary.frames.length, before);
  provider.text.insert(0, 'not disturbed');
  await until(() => first.text() === 'not disturbed', 'edits go on');
  assert.deepEqual(provider.closes, []);
});

test('the file does not become the document', async (context) => {
  const use = await watching(context);
  const client = await use.joined('notes/there.md');
  use.write('notes/there.md', 'changed');
  await hears(client, 'there.md');
  assert.equal(client.text(), '');
});

test('many writes in a short time are told once', async (context) => {
  const use = await watching(context);
  const client = await use.joined('notes/todo.md');
  const began = performance.now();
  for (let i = 0; i < 20; ++i) use.write('notes/todo.md', `${i}`);
  await until(() => client.events().length >= 1, 'the change is reported');
  // The report comes one quiet time after the last write. Later: other programs interrupted, and each pause may have been reported.
  const reports_max = Math.max(1, Math.floor((performance.now() - began) / debounce));
  await quiet();
  assert.ok(client.events().length <= reports_max, `${client.events().length} reports, at most ${reports_max} wanted`);
});

test('a file that never rests is told all the same', async (context) => {
  const use = await watching(context);
  const client = await use.joined('notes/log.md');
  const timer = setInterval(() => use.write('notes/log.md', `${Date.now()}`), debounce / 5);
  try {
    await until(() => client.events().length >= 2, 'it is told', debounce * 10 * 4);
  } finally {
    clearInterval(timer); // before its folder goes
  }
});

test('a file that is put in the place of another is one change of that', async (context) => {
  const use = await watching(context);
  const client = await use.joined('notes/there.md');
  const temporary = await use.joined('notes/there.md.new');
  use.write('notes/there.md.new', 'new');
  renameSync(use.at('notes/there.md.new'), use.at('notes/there.md'));
  await hears(client, 'there.md');
  use.write('outside', 'newer');
  renameSync(use.at('outside'), use.at('notes/there.md'));
  await hears(client, 'there.md', 'there.md');
  await quiet();
  assert.equal(client.events().length, 2);
  assert.deepEqual(temporary.events(), []);
});

test('a file that moves is told at both of its places', async (context) => {
  const use = await watching(context);
  const [from, to] = [await use.joined('notes/there.md'), await use.joined('notes/old/here.md')];
  renameSync(use.at('notes/there.md'), use.at('notes/old/here.md'));
  await hears(from, 'there.md');
  await hears(to, 'old/here.md');
});

test('files in new and nested folders are told, however fast they came', async (context) => {
  const use = await watching(context);
  const [deep, wide] = [await use.joined('notes/a/b/c/deep.md'), await use.joined('notes/a/wide.txt')];
  mkdirSync(use.at('notes/a/b/c'), { recursive: true });
  use.write('notes/a/b/c/deep.md', 'at once');
  use.write('notes/a/wide.txt', 'at once');
  await hears(deep, 'a/b/c/deep.md');
  await hears(wide, 'a/wide.txt');
  use.write('notes/a/b/c/deep.md', 'later');
  await hears(deep, 'a/b/c/deep.md', 'a/b/c/deep.md');
  const moved = await use.joined('notes/z/b/c/deep.md');
  renameSync(use.at('notes/a'), use.at('notes/z'));
  await hears(moved, 'z/b/c/deep.md');
  use.write('notes/z/b/c/deep.md', 'after the move');
  await hears(moved, 'z/b/c/deep.md', 'z/b/c/deep.md');
});

test('files that are deleted are told, alone or with their folder', async (context) => {
  const use = await watching(context);
  const [file, inner] = [await use.joined('notes/there.md'), await use.joined('notes/old/inner.md')];
  use.write('notes/old/inner.md', 'x');
  await hears(inner, 'old/inner.md');
  unlinkSync(use.at('notes/there.md'));
  await hears(file, 'there.md');
  rmSync(use.at('notes/old'), { recursive: true });
  await hears(inner, 'old/inner.md', 'old/inner.md');
});

test('patterns choose the files, and what editors leave behind is no news', async (context) => {
  const use = await watching(context);
  const names = ['picture.png', '.git/config.txt', 'todo.md~', '.todo.md.swp', '#todo.md#'];
  const silent = await Promise.all(names.map((name) => use.joined(`notes/${name}`)));
  const heard = await use.joined('notes/end.md');
  mkdirSync(use.at('notes/.git'));
  for (const name of names) use.write(`notes/${name}`, 'x');
  use.write('notes/end.md', 'x');
  await hears(heard, 'end.md');
  await quiet();
  for (const client of silent) assert.deepEqual(client.events(), []);
});

test('a template without {path} tells all files of a directory to one document', async (context) => {
  const use = await watching(context);
  const client = await use.joined('build-status');
  mkdirSync(use.at('build/sub'));
  use.write('build/app.js', 'x');
  await hears(client, 'app.js');
  use.write('build/sub/ü "quoted" %41.css', 'x');
  await hears(client, 'app.js', 'sub/ü "quoted" %41.css');
  symlinkSync('app.js', use.at('build/link'));
  await hears(client, 'app.js', 'sub/ü "quoted" %41.css', 'link');
});

test('names that a URL has to escape belong to the document of that name', async (context) => {
  const use = await watching(context);
  const client = await use.json(`/${encodeURIComponent('notes/100% ü?.md')}`);
  await client.join();
  use.write('notes/100% ü?.md', 'x');
  await hears(client, '100% ü?.md');
});

test('a file whose name is not UTF-8 is named in the log in printable bytes', async (context) => {
  const use = await watching(context);
  writeFileSync(Buffer.concat([Buffer.from(`${use.at('notes')}/bad`), Buffer.from([0xff, 0xfe]), Buffer.from('na\nme.md')]), 'x');
  await until(() => use.server.stderr.includes('bad\\xff\\xfena\\x0ame.md'), 'the log names it', 5000, () => use.server.stderr);
});

test('a directory that goes and comes again is watched again', async (context) => {
  const use = await watching(context);
  const client = await use.joined('build-status');
  rmSync(use.at('build'), { recursive: true });
  await until(() => use.server.stderr.includes('is gone'), 'the server says so', 5000, () => use.server.stderr);
  mkdirSync(use.at('build'));
  await pause(1500); // it looks every second
  use.write('build/back.js', 'x');
  await until(() => client.events().some((payload) => payload.path === 'back.js'), 'it is told');
});

test('a thousand files at once are all told', async (context) => {
  const use = await watching(context);
  const client = await use.joined('build-status');
  mkdirSync(use.at('build/many'));
  for (let i = 0; i < 1000; ++i) use.write(`build/many/${i}`, 'x');
  const heard = () => new Set(client.events().map((payload) => payload.path));
  await until(() => heard().size === 1000, 'all are told', 10000, () => `${heard().size}`);
});

test('a directory that does not exist is told at the start, and the server does not start', async (context) => {
  const folder = temporary_folder();
  const file = path.join(folder, 'troupe.yaml');
  writeFileSync(file, `watch:\n  directories:\n    - directory: "${folder}/missing"\n`);
  const { code, stdout, stderr } = await refused_start({}, { file });
  assert.notEqual(code, 0);
  assert.match(stderr, /missing/);
  assert.doesNotMatch(stdout, /listening/);
});
