// What the port says to plain HTTP, to bad and good document names, and when it is full.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { yjs_client, raw_socket } from './support/clients.mjs';
import { converged } from './support/documents.mjs';
import { own_server, use_server } from './support/fixture.mjs';
import { sync_step1 } from './support/frames.mjs';
import { request, request_upgrade } from './support/http.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { is_sanitized, refused_start, start_server } from './support/server.mjs';
import { tcp_peer } from './support/tcp_peer.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();

test('GET /healthz is answered with 200', async () => {
  assert.equal((await request(use.server, '/healthz')).status, 200);
  assert.equal((await request(use.server, '/healthz?verbose=1')).status, 200);
});

test('GET / says what this is, and to which address clients connect', async () => {
  const answer = await request(use.server, '/', { headers: { Host: 'app.example.com:3001' } });
  assert.equal(answer.status, 200);
  assert.match(answer.body, /troupe/);
  assert.match(answer.body, /ws:\/\/app\.example\.com:3001 /);
});

test('other paths without an upgrade are refused with 426 and a text', async () => {
  for (const path of ['/some-document', '/healthz/more', '/a/b?c=d']) {
    const answer = await request(use.server, path);
    assert.equal(answer.status, 426, path);
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
  };
  for (const [what, path] of Object.entries(bad)) {
    for (const ask of [request, request_upgrade]) {
      const answer = await ask(use.server, path);
      assert.equal(answer.status, 400, what);
      assert.ok(answer.body.length > 0, `${what}: no reason`);
    }
  }
});

test('a socket opened at / has no document: binary frames end it with 4404', async () => {
  for (const path of ['/', '/?name=x']) {
    const socket = await use.raw(path).open();
    socket.send(sync_step1());
    assert.equal((await socket.close_reason()).code, 4404, path);
  }
});

test('a real client with an empty name is told so, and does not come back', async () => {
  const client = use.client('');
  await until(() => client.closes.length > 0, 'it is closed');
  await pause(1000);
  assert.deepEqual(client.closes.map(({ code }) => code), [4404]);
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
    ['100%25', '100%'], // a percent sign that begins no escape
    ['50%25zz', '50%zz'],
  ];
  for (const [encoded, decoded] of pairs) {
    const left = await use.client(encoded).synced();
    const right = await use.client(decoded).synced();
    left.text.insert(0, encoded);
    await converged([left, right]);
    assert.equal(right.text.toString(), encoded);
  }
});

/** What is answered to a request that is written by hand. */
async function answer_to(context, text) {
  const peer = await new tcp_peer(use.server.port).open();
  context.after(() => peer.destroy());
  peer.write(text);
  await until(() => peer.received.includes('\r\n\r\n'), 'an answer');
  return peer.answer();
}

const asks_upgrade = 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const upgrade_to = (target, headers) => `GET ${target} HTTP/1.1\r\n${headers}${asks_upgrade}\r\n`;

test('a header without a host, or with two of what there may be one, is refused with 400 and the reason', async (context) => {
  const host = 'Host: localhost\r\n';
  const connection = 'Connection: Upgrade\r\n';
  const cases = [
    ['GET /healthz HTTP/1.1\r\n\r\n', /The Host header is missing/],
    [`GET /healthz HTTP/1.1\r\n${host}${host}\r\n`, /more than one Host/],
    [upgrade_to('/a', connection), /The Host header is missing/],
    [upgrade_to('/a', `${host}${connection}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`), /more than one Sec-WebSocket-Key/],
    [upgrade_to('/a', `${host}${connection}Origin: http://localhost\r\nOrigin: https://evil.example\r\n`), /more than one Origin/],
  ];
  for (const [text, reason] of cases) {
    const answer = await answer_to(context, text);
    assert.match(answer, /^HTTP\/1\.1 400 /, text);
    assert.match(answer, reason);
  }
});

test('an upgrade on a second line of Connection, and an absolute target, are legal', async (context) => {
  const two_lines = upgrade_to('/a', 'Host: localhost\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n');
  assert.match(await answer_to(context, two_lines), /^HTTP\/1\.1 101 /);
  const absolute = upgrade_to('http://localhost:3001/a?x=1', 'Host: localhost:3001\r\nConnection: Upgrade\r\n');
  assert.match(await answer_to(context, absolute), /^HTTP\/1\.1 101 /);
  assert.match(await answer_to(context, 'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'), /^HTTP\/1\.1 200 /);
});

test('a real client that passes a token as a subprotocol connects, and the log does not tell it', async (context) => {
  const own = await own_server(context, { 'log.level': 'debug' });
  const left = await own.client('a', { protocols: ['secret-token', 'other'] }).synced();
  assert.equal(left.provider.ws.protocol, 'secret-token');
  const right = await own.client('a').synced();
  left.text.insert(0, 'with a token');
  await converged([left, right]);
  assert.doesNotMatch(own.server.stdout + own.server.stderr, /secret-token/);
});

test('with server.subprotocols the first one that it lists is answered', async (context) => {
  const own = await own_server(context, { 'server.subprotocols': 'yjs,auth' });
  const answered = async (offered) => (await request_upgrade(own.server, '/a', { 'Sec-WebSocket-Protocol': offered })).headers['sec-websocket-protocol'];
  assert.equal(await answered('x, auth, yjs'), 'auth');
  assert.equal(await answered('x, y'), undefined);
});

test('the empty name is a document where server.empty_document_name says which', async (context) => {
  const own = await own_server(context, { 'server.empty_document_name': 'lobby' });
  const empty = await own.client('').synced();
  const named = await own.client('lobby').synced();
  empty.text.insert(0, 'without a name');
  await converged([empty, named]);
  assert.equal(named.text.toString(), 'without a name');
  const bad = await refused_start({ 'server.empty_document_name': 'a'.repeat(513) });
  assert.match(bad.stderr, /server\.empty_document_name: .*512/);
});

// The check of UndefinedBehaviorSanitizer for the types of objects needs descriptors itself.
const without_descriptors = { skip: is_sanitized && 'a sanitizer needs descriptors itself' };

test('out of descriptors the server says so once, counts it, and goes on', without_descriptors, async (context) => {
  const port = await free_port();
  const own = await own_server(context, with_metrics(port));
  const open = readdirSync(`/proc/${own.server.pid}/fd`).length;
  const limit = (count) => execFileSync('prlimit', ['--pid', String(own.server.pid), `--nofile=${count}:4096`]);
  limit(open + 4);
  const peers = await Promise.all(Array.from({ length: 12 }, () => own.track(new tcp_peer(own.server.port)).open()));
  await until(() => /new connections have to wait: .*open files/.test(own.server.stderr), 'the log tells it', 5000, () => own.server.stderr);
  await pause(500);
  assert.equal(own.server.stderr.match(/new connections have to wait/g).length, 1);
  for (const peer of peers) peer.destroy();
  limit(4096);
  await (await own.client('a')).synced();
  assert.ok((await metric(port, 'troupe_accept_failures')) > 1);
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
