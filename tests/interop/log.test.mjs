// The log of a running node: levels that change at run time, lines of JSON, a file that is rotated, and no secret in it.
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { refused_start } from './support/server.mjs';
import { until } from './support/wait.mjs';

const put = (server, body) => ask_admin(server, '/api/v1/log', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

const lines_of = (file) => readFileSync(file, 'utf8').split('\n').slice(0, -1);

test('levels of components change while the node runs', async (context) => {
  const use = await own_server(context);
  const shown = await ask_admin(use.server, '/api/v1/log');
  assert.equal(shown.json.level, 'info');
  assert.equal(shown.json.levels['troupe.session'], 'info');
  assert.equal(shown.json.levels.caf, 'warning');
  await use.client('unseen').synced();

  const changed = await put(use.server, { levels: { 'troupe.session': 'debug' } });
  assert.equal(changed.status, 200);
  assert.equal(changed.json.levels['troupe.session'], 'debug');
  await until(() => /INFO \[troupe\.admin\] an operator sets the log to level info, troupe\.session=debug/.test(use.server.stderr), 'the change is logged');
  await use.client('seen').synced();
  await until(() => /DEBUG \[troupe\.session\] session \d+ from 127\.0\.0\.1 opens document 'seen'/.test(use.server.stderr), 'a line at debug');
  assert.doesNotMatch(use.server.stderr, /unseen|DEBUG \[troupe\.directory\]/);

  const back = await put(use.server, { level: 'error', levels: {} });
  assert.equal(back.json.levels['troupe.session'], 'error');
  await use.client('unheard').synced();
  assert.equal((await put(use.server, { level: 'info' })).status, 200);
  await until(() => use.server.stderr.includes('an operator sets the log to level info\n'), 'the last change is logged');
  assert.doesNotMatch(use.server.stderr, /unheard/);
});

test('a change that is none, or comes without the token, changes nothing', async (context) => {
  const use = await own_server(context);
  const before = (await ask_admin(use.server, '/api/v1/log')).body;
  for (const body of [{}, { level: 'loud' }, { levels: { nobody: 'debug' } }, { level: 'debug', levels: 3 }]) assert.equal((await put(use.server, body)).status, 400);
  for (const method of ['GET', 'PUT']) {
    const headers = { 'Content-Type': 'application/json' };
    assert.equal((await ask_admin(use.server, '/api/v1/log', { method, headers, token: null, body: method === 'PUT' ? '{"level":"debug"}' : undefined })).status, 401);
  }
  assert.equal((await ask_admin(use.server, '/api/v1/log', { method: 'DELETE', headers: { 'Content-Type': 'application/json' } })).status, 405);
  assert.equal((await ask_admin(use.server, '/api/v1/log')).body, before);
});

test('lines of JSON go to the console and to a file, which SIGHUP opens again', async (context) => {
  const file = path.join(temporary_folder(), 'troupe.log');
  const use = await own_server(context, { 'log.file': file, 'log.format': 'json', 'log.levels': 'troupe.session=debug' });
  await use.client('before').synced();
  const has = (text) => () => lines_of(file).some((line) => line.includes(text));
  await until(has("opens document 'before'"), 'a line in the file');
  renameSync(file, `${file}.1`);
  process.kill(use.server.pid, 'SIGHUP');
  await until(() => use.server.stdout.includes('troupe opened its logs again'), 'the file is opened again');
  await use.client('after').synced();
  await until(has("opens document 'after'"), 'a line in the new file');
  const all = [...lines_of(`${file}.1`), ...lines_of(file)];
  for (const line of all) {
    const { time, level, component, message } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(['error', 'warning', 'info', 'debug'].includes(level));
    assert.match(component, /^(troupe\.[a-z]+|caf\w*)$/);
    assert.ok(message.length > 0);
  }
  const on_console = use.server.stderr.split('\n').filter((line) => line.startsWith('{'));
  await until(() => use.server.stderr.includes("'after'"), 'the console has it, too');
  assert.ok(on_console.length > 0 && all.includes(on_console[0]));
});

test('the log of a node that only writes a file leaves the console alone', async (context) => {
  const file = path.join(temporary_folder(), 'troupe.log');
  const use = await own_server(context, { 'log.file': file, 'log.console': false, 'log.level': 'debug' });
  await use.client('plan').synced();
  await until(() => lines_of(file).some((line) => line.includes("opens document 'plan'")), 'a line in the file');
  assert.doesNotMatch(use.server.stderr, /\[troupe/);
});

test('no token and nothing of a document is logged, and control characters are escaped', async (context) => {
  const use = await own_server(context, { 'log.level': 'debug' });
  const client = await use.client('plan', { params: { token: 'a-secret-token' } }).synced();
  client.text.insert(0, 'the-contents');
  const raw = await use.raw('/other?token=a-secret-token', { headers: { Authorization: 'Bearer a-secret-token' } }).open();
  raw.destroy();
  const name = 'odd\u0085\u001b[31mname';
  await use.raw(`/${encodeURIComponent(name)}`).open().catch(() => {});
  await until(() => /session \d+ ended/.test(use.server.stderr), 'a session has ended');
  await ask_admin(use.server, '/api/v1/documents/plan/export', { token: 'a-secret-token' });
  assert.doesNotMatch(use.server.stderr, /a-secret-token|the-contents|the-token-of-the-tests/);
  assert.doesNotMatch(use.server.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('a log that cannot be written keeps the server from starting', async () => {
  const { code, stderr } = await refused_start({ 'log.file': '/no/such/folder/log' });
  assert.equal(code, 1);
  assert.match(stderr, /log\.file: the file \/no\/such\/folder\/log: No such file or directory/);
  const other = await refused_start({ 'log.levels': 'store=debug' });
  assert.equal(other.code, 2);
  assert.match(other.stderr, /log\.levels: "store=debug" is not COMPONENT=LEVEL/);
});
