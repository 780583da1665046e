// What the port says to plain HTTP, to bad and good document names, and when it is full.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { yjs_client, raw_socket } from './support/clients.mjs';
import { converged } from './support/documents.mjs';
import { use_server } from './support/fixture.mjs';
import { sync_step1 } from './support/frames.mjs';
import { request, request_upgrade } from './support/http.mjs';
import { start_server } from './support/server.mjs';
import { until } from './support/wait.mjs';

const use = use_server();

test('GET /healthz is answered with 200', async () => {
  assert.equal((await request(use.server, '/healthz')).status, 200);
  assert.equal((await request(use.server, '/healthz?verbose=1')).status, 200);
});

test('other paths without an upgrade are refused with 404 or 426 and a text', async () => {
  for (const path of ['/', '/some-document', '/healthz/more', '/a/b?c=d']) {
    const answer = await request(use.server, path);
    assert.ok([404, 426].includes(answer.status), `${path}: ${answer.status}`);
    assert.ok(answer.body.length > 0, `${path}: no text`);
  }
});

test('a bad document name is refused with 400 and a reason, with an upgrade or without', async () => {
  const bad = {
    '513 bytes': `/${'a'.repeat(513)}`,
    '513 bytes after decoding': `/${'%41'.repeat(513)}`,
    'a NUL': '/a%00b',
    'invalid UTF-8': '/%ff',
    'half an encoded character': '/%c3',
    'half an escape': '/a%4',
  };
  for (const [what, path] of Object.entries(bad)) {
    for (const ask of [request, request_upgrade]) {
      const answer = await ask(use.server, path);
      assert.equal(answer.status, 400, what);
      assert.ok(answer.body.length > 0, `${what}: no reason`);
    }
  }
});

test('a socket opened at / has no document: binary frames end it with 1003', async () => {
  for (const path of ['/', '/?name=x']) {
    const socket = await use.raw(path).open();
    socket.send(sync_step1());
    assert.equal((await socket.close_reason()).code, 1003, path);
  }
});

test('document names up to 512 bytes after decoding are accepted', async () => {
  for (const path of [`/${'a'.repeat(512)}`, `/${'%41'.repeat(512)}`, '/a/b/c', '/%F0%9F%98%80', '/a%20b']) {
    assert.equal((await request_upgrade(use.server, path)).status, 101, path);
  }
});

test('a percent-encoded name and its decoded form are one document', async () => {
  const pairs = [
    ['folder%2Ffile', 'folder/file'],
    ['%61bc', 'abc'],
    ['na%C3%AFve%20%F0%9F%98%80', 'naïve%20😀'],
    ['is%3Fit', 'is%3fit'],
  ];
  for (const [encoded, decoded] of pairs) {
    const left = await use.client(encoded).synced();
    const right = await use.client(decoded).synced();
    left.text.insert(0, encoded);
    await converged([left, right]);
    assert.equal(right.text.toString(), encoded);
  }
});

test('query parameters do not belong to the name', async () => {
  const document = use.document();
  const plain = await use.client(document).synced();
  const with_query = await use.client(document, { params: { token: 'a/b?c', user: 'ü' } }).synced();
  plain.text.insert(0, 'same');
  await converged([plain, with_query]);
  assert.equal(with_query.text.toString(), 'same');
});

test('a newcomer above limits.max_connections is told 4003, and let in once another has left', async (context) => {
  const server = await start_server({ 'limits.max_connections': 2 });
  context.after(() => server.stop());
  const first = await use_raw(context, server, '/one').open();
  await use_raw(context, server, '/two').open();
  const refused = use_raw(context, server, '/three');
  assert.deepEqual(await refused.close_reason(), { code: 4003, reason: 'Server at capacity' });
  first.destroy();
  await until(async () => {
    const again = use_raw(context, server, '/three');
    again.opened.then(() => again.send(sync_step1()));
    const answered = until(() => again.frames.length > 0, 'an answer', 1000).then(() => true, () => false);
    return Promise.race([answered, again.closed.then(() => false)]);
  }, 'a place is free again');
});

test('a newcomer above limits.max_documents is told 1013, and let in once another is idle', async (context) => {
  const server = await start_server({ 'limits.max_documents': 1 });
  context.after(() => server.stop());
  const first = new yjs_client(server.url, 'first');
  context.after(() => first.destroy());
  await first.synced();
  const refused = await use_raw(context, server, '/second').open();
  refused.send(sync_step1());
  const how = await refused.close_reason();
  assert.equal(how.code, 1013);
  assert.notEqual(how.reason, '');

  first.destroy();
  const second = new yjs_client(server.url, 'second');
  context.after(() => second.destroy());
  await second.synced(10000);
});

test('a document that made room for another one still has its content', async (context) => {
  const server = await start_server({ 'limits.max_documents': 1 });
  context.after(() => server.stop());
  const open = async (document, ms = 10000) => {
    const client = new yjs_client(server.url, document);
    context.after(() => client.destroy());
    return client.synced(ms);
  };
  const author = await open('first');
  author.text.insert(0, 'kept');
  const witness = await open('first');
  assert.equal(witness.text.toString(), 'kept');
  author.destroy();
  witness.destroy();
  (await open('second')).destroy();
  const reader = await open('first');
  assert.equal(reader.text.toString(), 'kept');
});

/** A raw socket of another server than the shared one, gone after the test. */
function use_raw(context, server, path) {
  const socket = new raw_socket(server.url, path);
  context.after(() => socket.destroy());
  return socket;
}
