// The token of the admin pages: nothing is told without it, and a node makes one that outlives a restart.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { own_server, use_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { binary_path, refused_start } from './support/server.mjs';
import { pause } from './support/wait.mjs';

const use = use_server();
const reference = new URL('../../config/reference.yaml', import.meta.url).pathname;
const as_json = { 'Content-Type': 'application/json' };

/** Every page, and some that are none. */
const pages = [
  ['GET', '/api/v1/sessions'], ['HEAD', '/api/v1/sessions'], ['GET', '/api/v1/documents'], ['GET', '/api/v1/documents/a/sessions'],
  ['GET', '/api/v1/documents/a'], ['DELETE', '/api/v1/documents/a'], ['GET', '/api/v1/documents/a/export'], ['POST', '/api/v1/documents/a/import'],
  ['POST', '/api/v1/documents/a/copy'], ['POST', '/api/v1/documents/a/admit'], ['GET', '/api/v1/storage'], ['POST', '/api/v1/backup'],
  ['GET', '/api/v1/cluster'], ['POST', '/api/v1/cluster/members'], ['DELETE', '/api/v1/cluster/members/n1'],
  ['GET', '/api/v1/webhooks'], ['POST', '/api/v1/webhooks/replay'],
  ['GET', '/api/v1/metrics'],
  ['POST', '/api/v1/notify'], ['POST', '/'], ['GET', '/dashboard'], ['GET', '/nothing'], ['DELETE', '/api/v1/sessions'], ['OPTIONS', '/api/v1/documents'],
];

for (const [method, page] of pages) {
  test(`${method} ${page} is answered with 401 without the token, and with another one`, async () => {
    for (const headers of [{}, { Authorization: 'Bearer the-token-of-another' }, { Authorization: `Basic ${use.server.admin_token}` }]) {
      const answer = await ask_admin(use.server, page, { method, token: null, headers: { ...as_json, ...headers } });
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'], /^Bearer realm="troupe admin"/);
      assert.ok(!Object.keys(answer.headers).some((name) => name.startsWith('access-control-')), 'no page may read it');
    }
    assert.notEqual((await ask_admin(use.server, page, { method, headers: as_json })).status, 401);
    await pause(300); // the wrong tries of a second are bounded
  });
}

test('health is told without a token', async () => {
  assert.equal((await ask_admin(use.server, '/healthz', { token: null })).body, 'ok\n');
});

test('ten wrong tokens in a second, and even the right one has to wait', async (context) => {
  const own = await own_server(context);
  await pause(1000);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, i) => ask_admin(own.server, '/api/v1/sessions', { token: `the-wrong-token-${i}` })),
  );
  const statuses = answers.map(({ status }) => status);
  assert.ok(statuses.includes(429), statuses.join());
  assert.ok(statuses.filter((status) => status === 401).length <= 20, statuses.join());
  const waits = answers.find(({ status }) => status === 429);
  assert.equal(waits.headers['retry-after'], '1');
  await pause(1100);
  assert.equal((await ask_admin(own.server, '/api/v1/sessions')).status, 200);
  assert.match(own.server.stderr, /a wrong admin token came from 127\.0\.0\.1/);
  assert.doesNotMatch(own.server.stderr, /the-wrong-token|the-token-of-the-tests/);
});

test('a node makes a token, keeps it for itself, and has it again after a restart', async (context) => {
  const data = temporary_folder();
  const settings = { 'storage.engine': 'rocksdb', 'storage.path': data, 'admin.token': undefined };
  const file = path.join(data, 'admin-token');
  let token;
  for (const what of ['made', 'keeps']) {
    await context.test(`it ${what} its token`, async (inner) => {
      const own = await own_server(inner, settings);
      token ??= readFileSync(file, 'utf8').trim();
      assert.match(token, /^[0-9a-f]{64}$/);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal((await ask_admin(own.server, '/api/v1/sessions', { token })).status, 200);
      assert.equal((await ask_admin(own.server, '/api/v1/sessions', { token: '0'.repeat(64) })).status, 401);
      assert.match(own.server.stdout, new RegExp(`troupe ${what} its admin token in .*admin-token`));
      assert.ok(!`${own.server.stdout}${own.server.stderr}`.includes(token), 'standard output is no terminal here');
    });
  }
  chmodSync(file, 0o600);
  writeFileSync(file, 'nonsense\n');
  const refused = await refused_start(settings);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /admin-token.*must hold one line/);
  assert.doesNotMatch(refused.stderr, /nonsense/);
});

test('with documents in memory the token is printed, since it is nowhere else', async (context) => {
  const own = await own_server(context, { 'admin.token': undefined });
  const [, token] = /^troupe shows its admin token this once: curl -H 'Authorization: Bearer ([0-9a-f]{64})' http:/m.exec(own.server.stdout);
  assert.equal((await ask_admin(own.server, '/api/v1/sessions', { token })).status, 200);
  assert.ok(!own.server.stderr.includes(token), 'the log does not have it');
});

test('a token may stand in a file', async (context) => {
  const data = temporary_folder();
  const file = path.join(data, 'secret');
  writeFileSync(file, 'a-token-from-a-file\n');
  const own = await own_server(context, { 'admin.token': undefined, 'admin.token_file': file });
  assert.equal((await ask_admin(own.server, '/api/v1/sessions', { token: 'a-token-from-a-file' })).status, 200);
  assert.ok(!`${own.server.stdout}${own.server.stderr}`.includes('a-token-from-a-file'));
  const missing = await refused_start({ 'admin.token': undefined, 'admin.token_file': path.join(data, 'nothing') });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /admin\.token_file.*nothing.*No such file/);
  assert.ok(!existsSync(path.join(data, 'nothing')));
});

test('the configuration is printed without the token', () => {
  const printed = execFileSync(binary_path(), ['check-config', reference, '--print', '--set', 'admin.token=the-token-itself'], { encoding: 'utf8' });
  assert.match(printed, /token: "\(hidden\)"/);
  assert.doesNotMatch(printed, /the-token-itself/);
});
