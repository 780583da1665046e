// The admin pages: who is connected, which documents are open, and news for a document.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';

import { own_server, use_server } from './support/fixture.mjs';
import { ask_admin, request } from './support/http.mjs';
import { use_json, writing } from './support/json_client.mjs';
import { memory_tells, refused_start } from './support/server.mjs';
import { tcp_peer } from './support/tcp_peer.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();
const as_json = { 'Content-Type': 'application/json' };
const json = use_json(use);

/** What a page says, which must be 200. */
async function page(path, server = use.server) {
  const answer = await ask_admin(server, path);
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
}

const sessions = async (server) => (await page('/api/v1/sessions', server)).sessions;
const sessions_of = async (document) => (await page(`/api/v1/documents/${document}/sessions`)).sessions;
const notify = (body, options = {}) =>
  ask_admin(use.server, '/api/v1/notify', {
    method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...options, headers: { ...as_json, ...options.headers },
  });

/** Waits until a page says what `holds` wants, and returns it. */
async function until_said(ask, holds, what) {
  let said;
  await until(async () => holds((said = await ask())), what, 5000, () => JSON.stringify(said));
  return said;
}

test('a server with nobody connected lists nobody', async (context) => {
  const own = await own_server(context);
  assert.deepEqual(await page('/api/v1/sessions', own.server), { sessions: [], count: 0 });
  assert.deepEqual(await page('/api/v1/documents?open=true', own.server), { documents: [], count: 0 });
});

test('a session is listed with who it is, where from, what it speaks, and since when', async () => {
  const document = use.document();
  const begin = Date.now();
  const binary = await use.client(document, { params: { userId: 'ada lovelace' } }).synced();
  const other = await json(`/${document}?x=1&userId=gr%C3%A4fin%20%26&y=2`);
  await other.join();
  await json(`/${document}`); // has not said anything yet
  const listed = await until_said(() => sessions_of(document), (all) => all.length === 3, 'three are listed');
  const by_user = (user) => listed.find(({ userId }) => userId === user);
  const [ada, grafin, nobody] = ['ada lovelace', 'gräfin &', null].map(by_user);
  assert.deepEqual([ada.speaks, grafin.speaks, nobody.speaks], [['y-websocket'], ['json'], []]);
  assert.equal(new Set(listed.map(({ id }) => id)).size, 3, 'ids differ');
  for (const session of listed) {
    assert.ok(Number.isSafeInteger(session.id) && session.id > 0);
    assert.equal(session.address, '127.0.0.1');
    assert.deepEqual(session.documents, [document]);
    for (const time of [session.connectedSince, session.lastPong]) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const at = Date.parse(time);
      assert.ok(at >= begin - 2000 && at <= Date.now() + 2000, time);
    }
  }
  const id = ada.id;
  binary.disconnect();
  await until_said(() => sessions_of(document), (all) => all.length === 2, 'who left is listed no more');
  binary.connect();
  await binary.synced();
  const again = await until_said(() => sessions_of(document), (all) => all.length === 3, 'it is back');
  assert.ok(again.find(({ userId }) => userId === 'ada lovelace').id > id, 'as another session');
});

test('presence of both dialects is listed, and goes when it is cleared', async () => {
  const document = use.document();
  const binary = await use.client(document, { params: { userId: 'binary' } }).synced();
  const client = await json(`/${document}?userId=json`);
  await client.join();
  const ada = { user: { name: 'Ada 😀' }, cursor: { line: 3, column: 7 } };
  const bob = { user: { name: 'Bob' }, cursor: { line: 40, column: 2 }, selection: [1, 2.5, null] };
  await client.do({ type: 'presence', payload: ada });
  binary.awareness.setLocalState(bob);
  const shown = async () => Object.fromEntries((await sessions_of(document)).map(({ userId, presence }) => [userId, presence]));
  await until_said(shown, ({ binary }) => binary !== null, 'both are listed');
  assert.deepEqual(await shown(), { binary: bob, json: ada });
  await client.do({ type: 'presence', payload: { ...ada, cursor: { line: 4, column: 0 } } });
  assert.deepEqual((await shown()).json.cursor, { line: 4, column: 0 });
  await client.do({ type: 'presence', payload: null });
  binary.awareness.setLocalState(null);
  await until_said(shown, (all) => all.binary === null && all.json === null, 'both are cleared');
});

test('counters grow with what is sent and heard', async () => {
  const document = use.document();
  const [writer, reader] = [await json(`/${document}?userId=writer`), await json(`/${document}?userId=reader`)];
  await writer.join();
  await reader.join();
  const counted = async () => Object.fromEntries((await sessions_of(document)).map((session) => [session.userId, session]));
  const before = await counted();
  for (let i = 0; i < 10; ++i) await writer.do({ type: 'update', payload: { update: writing('x'.repeat(1000)) } });
  await until(() => reader.of('update').length === 10, 'all is heard');
  const after = await until_said(counted, (all) => all.reader.messagesOut - before.reader.messagesOut === 10, 'all is counted');
  assert.equal(after.writer.messagesIn - before.writer.messagesIn, 10);
  assert.equal(after.writer.messagesOut - before.writer.messagesOut, 10, 'an ack each');
  assert.equal(after.reader.messagesIn, before.reader.messagesIn);
  assert.ok(after.writer.bytesIn - before.writer.bytesIn > 10_000);
  assert.ok(after.reader.bytesOut - before.reader.bytesOut > 10_000);
  assert.equal(after.reader.queuedBytes, 0);
});

test('a session that joined several documents is listed with each of them', async () => {
  const [first, second, elsewhere] = [use.document(), use.document(), use.document()];
  const client = await json(`/${first}?userId=traveller`);
  await client.join();
  await client.join(second);
  await use.client(elsewhere).synced();
  for (const document of [first, second]) {
    const listed = await sessions_of(document);
    assert.deepEqual(listed.map((one) => [one.userId, one.documents]), [['traveller', [first, second]]]);
  }
  assert.ok((await sessions_of(elsewhere)).every(({ userId }) => userId === null));
  const documents = (await page('/api/v1/documents?open=true')).documents;
  for (const name of [first, second, elsewhere]) {
    const { sessions, unloading } = documents.find((one) => one.name === name);
    assert.deepEqual({ sessions, unloading }, { sessions: 1, unloading: false });
  }
  await client.leave();
  await until_said(() => sessions_of(second), (all) => all.length === 0, 'it has left them all');
});

const odd_names = { 'slashes': 'team/notes/2026', 'a percent sign': '100%25', 'an encoded slash': 'a%2Fb', 'blanks and umlauts': 'na ïve ü', 'a question mark': 'is it?', 'the word sessions': 'a/sessions', 'quotes': '"a"\\' };
for (const [what, name] of Object.entries(odd_names)) {
  test(`a document whose name holds ${what} is found`, async () => {
    const document = `${use.document()}/${name}`;
    const client = await json('/');
    await client.join(document);
    const listed = await sessions_of(encodeURIComponent(document));
    assert.deepEqual(listed.map((one) => one.documents), [[document]]);
    assert.ok((await page('/api/v1/documents?open=true')).documents.some((one) => one.name === document));
  });
}

test('the sessions of a document that nobody has open are none', async () => {
  assert.deepEqual(await page('/api/v1/documents/nobody-knows-it/sessions'), { sessions: [], count: 0 });
});

/** All that a list has, asked for in pages of `limit`. */
async function all_pages(path, name, limit, server) {
  const pages = [];
  for (let after = ''; after !== undefined; ) {
    const said = await page(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}&after=${encodeURIComponent(after)}`, server);
    assert.ok(said[name].length <= limit);
    pages.push(said[name]);
    after = said.next;
  }
  return pages;
}

test('sessions and documents are listed in order, and in pages', async (context) => {
  const own = await own_server(context);
  const clients = await Promise.all(Array.from({ length: 7 }, (_, i) => own.json(`/team/${i} &?userId=user-${i}`)));
  await Promise.all(clients.map((client) => client.join()));
  await Promise.all(clients.map((client) => client.join('all')));
  for (const path of ['/api/v1/sessions', '/api/v1/documents/all/sessions']) {
    const whole = await page(path, own.server);
    const ids = whole.sessions.map(({ id }) => id);
    assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
    assert.deepEqual([ids.length, whole.count, whole.next], [7, 7, undefined]);
    const pages = await all_pages(path, 'sessions', 3, own.server);
    assert.deepEqual(pages.map(({ length }) => length), [3, 3, 1]);
    assert.deepEqual(pages.flat().map(({ id }) => id), ids);
  }
  const pages = await all_pages('/api/v1/documents?open=true', 'documents', 3, own.server);
  assert.deepEqual(pages.map(({ length }) => length), [3, 3, 2]);
  assert.deepEqual(pages.flat().map(({ name }) => name), ['all', ...clients.map((_, i) => `team/${i} &`)]);
});

test('a page that cannot be is refused', async () => {
  for (const query of ['limit=0', 'limit=10001', 'limit=x', 'after=x', 'after=%zz']) {
    const { status, json: body } = await ask_admin(use.server, `/api/v1/sessions?${query}`);
    assert.equal(status, 400, query);
    assert.match(body.error, query.startsWith('limit') ? /^limit must be a whole number from 1 to 10000$/ : /^after/);
  }
});

test('unknown pages are 404, other methods 405 with those that go, and both say so in JSON', async () => {
  for (const path of ['/dashboard', '/api', '/api/v1', '/api/v1/', '/api/v2/sessions', '/api/v1/sessions/1', '/api/v1/documents//sessions', '/api/v1/documents/a', '/document']) {
    const { status, json: body } = await ask_admin(use.server, path);
    assert.equal(status, 404, path);
    assert.ok(body.error.length > 0, path);
  }
  const methods = [
    ['/api/v1/sessions', 'POST', 'GET, HEAD'], ['/api/v1/documents', 'DELETE', 'GET, HEAD'], ['/api/v1/documents/a/sessions', 'PUT', 'GET, HEAD'],
    ['/api/v1/notify', 'GET', 'POST'], ['/api/v1/notify', 'PUT', 'POST'],
  ];
  for (const [path, method, allow] of methods) {
    const { status, headers, json: body } = await ask_admin(use.server, path, { method, headers: as_json });
    assert.deepEqual([status, headers.allow], [405, allow], `${method} ${path}`);
    assert.ok(body.error.length > 0);
  }
});

test('HEAD, queries, health, and several requests over one connection are answered', async (context) => {
  const head = await ask_admin(use.server, '/api/v1/sessions', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body], [200, '']);
  assert.equal((await ask_admin(use.server, '/api/v1/sessions?pretty=1')).status, 200);
  assert.equal((await ask_admin(use.server, '/healthz')).body, 'ok\n');
  const peer = await new tcp_peer(use.server.admin_port).open();
  context.after(() => peer.destroy());
  const ask = `GET /api/v1/documents HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${use.server.admin_token}\r\n\r\n`;
  peer.write(ask + ask); // pipelined
  peer.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await peer.end();
  assert.equal(peer.answer().match(/HTTP\/1\.1 200 /g).length, 3);
});

test('documents are not served on the port of the admin pages, nor admin pages on that of documents', async () => {
  const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  assert.equal((await ask_admin(use.server, '/document', { headers })).status, 404);
  assert.equal((await request(use.server, '/api/v1/sessions')).status, 426);
});

test('news of a file go to the JSON sessions of the document, and to nobody else', async () => {
  const [document, elsewhere] = [use.document(), use.document()];
  const [first, second, other] = [await json(`/${document}`), await json('/'), await json(`/${elsewhere}`)];
  await first.join();
  await second.join(document);
  await other.join();
  const binary = await use.raw(`/${document}`).open();
  const unjoined = await json(`/${document}`);
  const { status, json: answer } = await notify({ path: document });
  assert.deepEqual([status, answer], [200, { docName: document, open: true }]);
  for (const client of [first, second]) {
    await client.event((payload) => payload.event === 'file-changed');
    assert.deepEqual(client.of('update'), [{ type: 'update', docName: document, payload: { event: 'file-changed', path: document } }]);
  }
  const named = await notify({ path: 'src/ü "x".md', docName: document, more: 1 });
  assert.deepEqual(named.json, { docName: document, open: true });
  await first.event((payload) => payload.path === 'src/ü "x".md');
  await other.do({ type: 'sync' });
  assert.deepEqual([other.events(), unjoined.messages, binary.frames], [[], [], []]);
  assert.equal(second.events().length, 2);
});

test('news for a document that is not open are answered so, and open nothing', async () => {
  const document = use.document();
  const { status, json: answer } = await notify({ path: 'x.md', docName: document });
  assert.deepEqual([status, answer], [200, { docName: document, open: false }]);
  assert.ok(!(await page('/api/v1/documents?open=true')).documents.some((one) => one.name === document));
});

const bad_news = {
  'no JSON': '{"path"', 'nothing': '', 'an array': '["a"]', 'a string': '"a"', 'no path': '{}', 'an empty path': '{"path":""}', 'a path that is no string': '{"path":7}',
  'a path of 4097 bytes': JSON.stringify({ path: 'p'.repeat(4097), docName: 'a' }), 'a path of 513 bytes and no docName': JSON.stringify({ path: 'p'.repeat(513) }),
  'a docName that is no string': '{"path":"a","docName":7}', 'an empty docName': '{"path":"a","docName":""}',
  'a docName with a control character': '{"path":"a","docName":"a\\u0000"}', 'a body that is not UTF-8': Buffer.from([...Buffer.from('{"path":"'), 0xff, ...Buffer.from('"}')]),
  'JSON nested 30,000 deep': `{"path":"a","x":${'['.repeat(30000)}${']'.repeat(30000)}, "docName": 1}`,
};
for (const [what, body] of Object.entries(bad_news)) {
  test(`news with ${what} are refused with 400 and a reason`, async () => {
    const { status, json: answer } = await ask_admin(use.server, '/api/v1/notify', { method: 'POST', body, headers: as_json });
    assert.equal(status, 400);
    assert.ok(answer.error.length > 0);
  });
}

test('news above 64 KiB are refused with 413', async () => {
  assert.equal((await notify({ path: 'a', more: 'x'.repeat(70_000) })).status, 413);
  assert.equal((await notify({ path: use.document(), more: 'x'.repeat(60_000) })).status, 200);
});

test('a page of somebody else is refused with 403, and changes nothing', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  await client.join();
  const evil = { headers: { Origin: 'https://evil.example' } };
  for (const path of ['/api/v1/sessions', '/api/v1/documents', '/healthz']) {
    const { status, body } = await ask_admin(use.server, path, evil);
    assert.equal(status, 403, path);
    assert.doesNotMatch(body, /userId/);
  }
  assert.equal((await notify({ path: document }, evil)).status, 403);
  assert.equal((await notify({ path: document }, { headers: { Origin: 'null' } })).status, 403);
  assert.equal((await notify({ path: document }, { headers: { Origin: 'http://localhost:5173' } })).status, 200);
  await client.event((payload) => payload.event === 'file-changed');
  assert.equal(client.events().length, 1);
});

test('requests that a page elsewhere can have a browser send are refused', async () => {
  const { server } = use;
  const own = `127.0.0.1:${server.admin_port}`;
  const requests = [
    [200, {}], [200, { Host: own }], [200, { Host: 'localhost' }], [200, { Host: '[::1]:1' }], [200, { 'Sec-Fetch-Site': 'same-origin' }],
    [200, { 'Sec-Fetch-Site': 'none' }], [200, { Origin: `http://${own}` }],
    [421, { Host: `evil.example:${server.admin_port}` }], [421, { Host: 'localhost.evil.example' }], [421, { Host: '10.0.0.1' }],
    [403, { 'Sec-Fetch-Site': 'cross-site' }], [403, { 'Sec-Fetch-Site': 'same-site' }], [403, { Origin: 'null' }], [403, { Origin: 'https://evil.example' }],
  ];
  for (const [expected, headers] of requests) {
    const { status, body } = await ask_admin(server, '/api/v1/sessions', { headers });
    assert.equal(status, expected, JSON.stringify(headers));
    assert.equal(body.includes('"sessions"'), expected === 200);
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])
    assert.equal((await notify({ path: 'a' }, { headers: { 'Content-Type': type } })).status, 415, type);
  assert.equal((await notify({ path: 'a' }, { headers: { 'Content-Type': 'application/json; charset=utf-8' } })).status, 200);
  const none = await new tcp_peer(server.admin_port).open();
  none.write('GET /api/v1/sessions HTTP/1.1\r\n\r\n');
  await none.end();
  assert.match(none.answer(), /^HTTP\/1\.1 400 /);
});

test('admin.allowed_hosts names further hosts', async (context) => {
  const own = await own_server(context, { 'admin.allowed_hosts': 'admin.example.com,node-1' });
  for (const [expected, Host] of [[200, 'admin.example.com:8443'], [200, 'NODE-1'], [421, 'example.com']])
    assert.equal((await ask_admin(own.server, '/api/v1/sessions', { headers: { Host } })).status, expected, Host);
});

test('a long presence is listed by its beginning', async () => {
  const document = use.document();
  const client = await json(`/${document}`);
  await client.join();
  await client.do({ type: 'presence', payload: { note: 'x'.repeat(5000) } });
  const [listed] = await until_said(() => sessions_of(document), ([one]) => one.presenceCut !== undefined, 'it is listed');
  assert.equal(listed.presence, null);
  assert.equal(listed.presenceCut, JSON.stringify({ note: 'x'.repeat(5000) }).slice(0, 1024));
});

test('answers that nobody reads take no memory, and others have their turn', async (context) => {
  const own = await own_server(context);
  const clients = await Promise.all(Array.from({ length: 40 }, (_, i) => own.json(`/large-${i}`)));
  for (const client of clients) {
    await client.join();
    await client.do({ type: 'presence', payload: { note: 'x'.repeat(60_000) } });
  }
  await ask_admin(own.server, '/api/v1/sessions');
  const before = await own.server.memory();
  const peers = await Promise.all(Array.from({ length: 40 }, () => own.track(new tcp_peer(own.server.admin_port)).open()));
  for (const peer of peers) {
    peer.socket.pause();
    peer.write(`GET /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${own.server.admin_token}\r\n\r\n`.repeat(20));
  }
  await pause(1000);
  if (memory_tells) assert.ok((await own.server.memory('VmHWM')) - before < 50e6, `${(await own.server.memory('VmHWM')) - before} bytes`);
  const sockets = readdirSync(`/proc/${own.server.pid}/fd`).length;
  assert.ok(sockets < 40 + 8 + 30, `${sockets} descriptors`);
  for (const peer of peers) peer.destroy();
  assert.equal((await sessions(own.server)).length, 40);
});

test('two hundred sessions are listed at once while they type', async (context) => {
  const own = await own_server(context, { 'limits.messages_per_second': 0 });
  const clients = await Promise.all(Array.from({ length: 200 }, (_, i) => own.json(`/crowd-${i % 10}?userId=user-${i}`)));
  await Promise.all(clients.map((client) => client.join()));
  const timer = setInterval(() => clients.forEach((client) => client.send({ type: 'presence', payload: { at: Date.now() } })), 100);
  context.after(() => clearInterval(timer));
  for (let i = 0; i < 5; ++i) {
    const listed = await sessions(own.server);
    assert.equal(new Set(listed.map(({ userId }) => userId)).size, 200);
    await pause(50);
  }
  const { documents } = await page('/api/v1/documents?open=true', own.server);
  assert.deepEqual(documents.map((one) => one.sessions), Array(10).fill(20));
});

test('a userId that is no name is listed as none', async () => {
  const document = use.document();
  const client = await json(`/${document}?userId=${'u'.repeat(600)}`);
  await client.join();
  assert.equal((await sessions_of(document))[0].userId, null);
});

test('admin.enabled=false serves no pages', async (context) => {
  const own = await own_server(context, { 'admin.enabled': false });
  await (await own.client('a')).synced();
  assert.doesNotMatch(own.server.stdout, /admin/);
  assert.equal((await request(own.server, '/api/v1/sessions')).status, 426);
});

test('a port that is in use is told, by its keys, and the server does not start', async () => {
  const holder = net.createServer();
  await new Promise((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address();
  try {
    const admin = await refused_start({ 'admin.port': port });
    assert.equal(admin.code, 1);
    assert.match(admin.stderr, new RegExp(`admin\\.port.*${port}.*in use`));
    assert.doesNotMatch(admin.stdout, /listening/);
    const main = await refused_start({ 'server.port': port });
    assert.equal(main.code, 1);
    assert.match(main.stderr, new RegExp(`server\\.port.*${port}.*in use`));
  } finally {
    holder.close();
  }
});
