// Who may do what: tokens, rights and their changes, with real clients in both dialects.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import path from 'node:path';
import { after, test } from 'node:test';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { start_server } from './support/server.mjs';
import { pause, until, within } from './support/wait.mjs';

const secret = 'a secret of at least thirty-two bytes';
const folder = temporary_folder();

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token as a backend without any library would make it. */
function token(claims, { seconds = 600, key = secret, header = {} } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode({ iat: now, exp: now + seconds, jti: randomUUID(), ...claims })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

let servers = 0;
/** A server with tokens; `access`: further lines of its section. */
async function serve(context, access = '') {
  const file = path.join(folder, `${++servers}.yaml`);
  writeFileSync(file, `access:\n  mode: token\n  keys:\n    - algorithm: HS256\n      secret: "${secret}"\n${access}`);
  const server = await start_server({ 'document.idle_grace': '0s' }, { file });
  context.after(() => server.stop());
  return server;
}

/** A y-websocket client; `params` of its URL. */
function client(context, server, document, params) {
  const doc = new Y.Doc();
  const denied = [];
  const provider = new WebsocketProvider(server.url, document, doc, { WebSocketPolyfill: WebSocket, disableBc: true, params });
  const closes = [];
  provider.on('connection-close', (event) => closes.push(event?.code));
  provider.messageHandlers = [...provider.messageHandlers];
  provider.messageHandlers[2] = () => denied.push(true);
  context.after(() => {
    provider.destroy();
    doc.destroy(); // and with it the timer of its awareness
  });
  const synced = () => within(new Promise((done) => (provider.synced ? done() : provider.once('sync', done))), 'the first sync', 5000);
  return { doc, text: doc.getText('t'), provider, denied, closes, synced };
}

/** A JSON session: `ask` resolves to the answer to a message. */
async function json(context, server, document, bearer, options = {}) {
  const socket = new WebSocket(`${server.url}/${document}${bearer ? `?token=${bearer}` : ''}`, options.protocols, options);
  const heard = [];
  const closed = new Promise((done) => socket.once('close', (code) => done(code)));
  socket.on('message', (data) => heard.push(JSON.parse(data)));
  socket.on('error', () => {});
  context.after(() => socket.terminate());
  await Promise.race([new Promise((done) => socket.once('open', done)), closed]);
  let count = 0;
  const ask = async (type, payload, docName = document) => {
    const messageId = `m${++count}`;
    socket.send(JSON.stringify({ type, payload, messageId, docName }));
    await until(() => heard.some((each) => each.payload?.messageId === messageId), `an answer to ${type}`);
    return heard.find((each) => each.payload?.messageId === messageId);
  };
  return { socket, heard, closed, ask };
}

const rights_of = { reader: 'read', writer: 'write', seen: 'presence', unseen: ['write', 'no_presence'] };
const docs = (rights, name = 'plan') => ({ docs: [{ name, rights }] });

const change = async (server, what, body) => {
  const answer = await ask_admin(server, `/api/v1/sessions/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
};

test('without a token nobody is let in, and with a bad one neither', async (context) => {
  const server = await serve(context);
  const cases = {
    none: undefined,
    forged: token({ sub: 'ada', ...docs('write') }, { key: 'another secret of thirty-two bytes!' }),
    unsigned: `${encode({ alg: 'none' })}.${encode({ sub: 'ada', exp: 9999999999 })}.`,
    words: 'no-token-at-all',
  };
  for (const [name, bearer] of Object.entries(cases)) {
    const session = await json(context, server, 'plan', bearer);
    assert.equal(await session.closed, 4401, name);
  }
  const late = await json(context, server, 'plan', token({ sub: 'ada', ...docs('write') }, { seconds: -120 }));
  assert.equal(await late.closed, 4001);
  assert.ok(!server.stderr.includes(secret));
  assert.ok(!server.stderr.includes(cases.forged));
});

test('a token opens the documents that it names and no others, wherever it stands', async (context) => {
  const server = await serve(context);
  const bearer = token({ sub: 'ada', ...docs('write') });
  const other = await json(context, server, 'secret', bearer);
  assert.equal(await other.closed, 4403);
  const missing = await json(context, server, 'is-not-there', bearer);
  assert.equal(await missing.closed, 4403);
  for (const options of [{ headers: { Authorization: `Bearer ${bearer}` } }, { protocols: ['troupe', `troupe.token.${bearer}`] }]) {
    const session = await json(context, server, 'plan', undefined, options);
    assert.equal((await session.ask('sync', {})).type, 'ack');
    session.socket.close();
  }
  const first = client(context, server, 'plan', { token: bearer });
  await first.synced();
  first.text.insert(0, 'hello');
  const second = client(context, server, 'plan', { token: bearer });
  await until(() => second.text.toString() === 'hello', 'the text');
});

test('each right allows what it says in both dialects, and no more', async (context) => {
  const server = await serve(context);
  const author = client(context, server, 'plan', { token: token({ sub: 'author', ...docs('write') }) });
  await author.synced();
  let text = 'x';
  author.text.insert(0, text);
  for (const [name, rights] of Object.entries(rights_of)) {
    const may_write = name === 'writer' || name === 'unseen';
    const may_be_seen = name === 'writer' || name === 'seen';
    const bearer = token({ sub: name, ...docs(rights) });

    const one = client(context, server, 'plan', { token: bearer });
    await one.synced();
    await until(() => one.text.toString() === text, `${name} reads`);
    one.provider.awareness.setLocalStateField('user', { name });
    one.text.insert(0, 'w');
    if (may_write) text = `w${text}`;
    else await until(() => one.denied.length > 0, `${name} is told that it may not write`);
    assert.equal(one.closes.length, 0, 'the connection lives');

    const session = await json(context, server, 'plan', bearer);
    assert.equal((await session.ask('sync', {})).type, 'ack');
    const update = new Y.Doc();
    update.getText('t').insert(0, 'j');
    const answer = await session.ask('update', { update: Buffer.from(Y.encodeStateAsUpdate(update)).toString('base64') });
    assert.equal(answer.type === 'ack', may_write, `${name} writes as JSON`);
    if (!may_write) assert.equal(answer.payload.code, 'FORBIDDEN');
    const edit = await session.ask('update', { edit: [{ op: 'appendText', path: '/t', text: 'e' }] });
    assert.equal(edit.type === 'ack', may_write, `${name} edits as JSON`);
    const shown = await session.ask('presence', { name: `${name} as JSON` });
    assert.equal(shown.type === 'ack', may_be_seen, `${name} shows itself as JSON`);
    const event = await session.ask('update', { event: 'ping' });
    assert.equal(event.type === 'ack', may_be_seen, `${name} sends an event`);

    await until(() => !may_write || author.text.toString().includes('j'), 'what was allowed');
    await pause(100);
    assert.equal(author.text.toString().includes('w'), text.includes('w'));
    text = author.text.toString();
    const seen = [...author.provider.awareness.getStates().values()].map((state) => state.user?.name ?? state.name);
    assert.equal(seen.includes(name), may_be_seen, `${name} is seen`);
    one.provider.destroy();
    session.socket.close();
  }
});

test('rights that change count at once, for sessions that are there and that come', async (context) => {
  const server = await serve(context);
  const bearer = token({ sub: 'bob', jti: 'bobs-token', ...docs('write') });
  const bob = client(context, server, 'plan', { token: bearer });
  await bob.synced();
  const author = client(context, server, 'plan', { token: token({ sub: 'author', ...docs('write') }) });
  await author.synced();
  bob.text.insert(0, 'before ');
  await until(() => author.text.toString() === 'before ', 'the first edit');

  // Under load: nothing that is sent after the answer is applied.
  let typed = 0;
  const typing = setInterval(() => bob.text.insert(0, `${++typed} `), 1);
  await pause(50);
  const changed = await change(server, 'rights', { user: 'bob', document: 'plan', rights: ['read'] });
  const then = author.text.toString();
  assert.equal(changed.sessions, 1);
  const last_sent = typed;
  await pause(200);
  clearInterval(typing);
  const numbers = author.text.toString().match(/\d+/g)?.map(Number) ?? [];
  assert.ok(Math.max(0, ...numbers) <= last_sent, `${Math.max(...numbers)} was applied, ${last_sent} were sent before the answer`);
  assert.ok(author.text.toString().length >= then.length);
  assert.ok(bob.denied.length > 0);
  assert.equal(bob.closes.length, 0);

  const again = client(context, server, 'plan', { token: bearer });
  await again.synced();
  again.text.insert(0, 'again ');
  await until(() => again.denied.length > 0, 'who comes back may not write either');
  await change(server, 'rights', { user: 'bob', document: 'plan', rights: ['write'] });
  again.text.insert(0, 'now ');
  await until(() => author.text.toString().includes('now '), 'the right is back');

  const closed = await change(server, 'close', { tokenId: 'bobs-token' });
  assert.ok(closed.sessions >= 2);
  await until(() => bob.closes.includes(4403) && again.closes.includes(4403), 'both are closed for good');
  const back = await json(context, server, 'plan', bearer);
  assert.equal(await back.closed, 4403);
  const other = await json(context, server, 'plan', token({ sub: 'bob', ...docs('write') }));
  assert.equal((await other.ask('sync', {})).type, 'ack', 'another token of the same user is good');
});

test('a closed session may come back unless it is kept away', async (context) => {
  const server = await serve(context);
  const ada = client(context, server, 'plan', { token: token({ sub: 'ada', ...docs('write') }) });
  await ada.synced();
  const { sessions } = await change(server, 'close', { user: 'ada' });
  assert.equal(sessions, 1);
  await until(() => ada.closes.includes(1008), 'it is closed');
  await until(() => ada.provider.wsconnected, 'it comes back');
  for (const [body, text] of [
    [{}, 'one of user'],
    [{ user: 7 }, 'user must be'],
    [{ user: 'ada', seconds: -1 }, 'seconds must be'],
  ]) {
    const answer = await ask_admin(server, '/api/v1/sessions/close', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 400);
    assert.ok(answer.json.error.includes(text), answer.body);
  }
});

test('a session ends with its token, and comes back with a new one', async (context) => {
  const server = await serve(context, '  clock_skew: 0s\n');
  const params = { token: token({ sub: 'ada', ...docs('write') }, { seconds: 3 }) };
  const ada = client(context, server, 'plan', params);
  await ada.synced();
  ada.text.insert(0, 'kept');
  ada.provider.params.token = token({ sub: 'ada', ...docs('write') });
  await until(() => ada.closes.includes(4001), 'the token ends', 10000);
  await until(() => ada.provider.synced, 'it is back', 10000);
  assert.equal(ada.text.toString(), 'kept');
});

test('anonymous readers read, rules give rights, and presence says who it is', async (context) => {
  const rules = '  anonymous: read\n  stamp_presence: true\n  rules:\n    - document: "home/{user}/*"\n      rights: [write]\n';
  const server = await serve(context, rules);
  const ada = client(context, server, 'home/ada/notes', { token: token({ sub: 'ada', name: 'Ada Lovelace' }) });
  await ada.synced();
  ada.text.insert(0, 'mine');
  ada.provider.awareness.setLocalStateField('user', { name: 'somebody else', color: '#123456' });
  const reader = client(context, server, 'home/ada/notes', {});
  await reader.synced();
  await until(() => reader.text.toString() === 'mine', 'anybody reads');
  reader.text.insert(0, 'not ');
  await until(() => reader.denied.length > 0, 'and does not write');
  await until(
    () => [...reader.provider.awareness.getStates().values()].some((state) => state.user?.id === 'ada' && state.user?.name === 'Ada Lovelace'),
    'the stamp',
  );
  const names = [...reader.provider.awareness.getStates().values()].map((state) => state.user?.name);
  assert.ok(!names.includes('somebody else'));
  const eve = client(context, server, 'home/ada/notes', { token: token({ sub: 'eve' }) });
  await eve.synced();
  eve.text.insert(0, 'hers ');
  await until(() => eve.denied.length > 0, 'who has a token of another user reads, as everybody does');
  assert.equal(ada.text.toString(), 'mine');
});

test('the token of a user reaches the pages of its documents, and no others', async (context) => {
  const server = await serve(context);
  const bearers = {
    reader: token({ sub: 'reader', ...docs('read') }),
    writer: token({ sub: 'writer', ...docs('write') }),
    owner: token({ sub: 'owner', jti: 'owners', ...docs('admin') }),
    stranger: token({ sub: 'stranger', ...docs('admin', 'other') }),
  };
  const ask = async (who, method, target, body) =>
    (
      await ask_admin(server, target, {
        token: bearers[who] ?? who,
        method,
        headers: body ? { 'Content-Type': 'application/json' } : {},
        body: body && JSON.stringify(body),
      })
    ).status;
  const edits = { edits: [{ op: 'appendText', path: '/t', text: 'x' }] };
  assert.equal(await ask('writer', 'PATCH', '/api/v1/documents/plan', edits), 200);
  const expected = {
    reader: { read: 200, write: 403, remove: 403, versions: 200, raw: 403, node: 403 },
    writer: { read: 200, write: 200, remove: 403, versions: 200, raw: 403, node: 403 },
    owner: { read: 200, write: 200, remove: 200, versions: 200, raw: 403, node: 403 },
    stranger: { read: 403, write: 403, remove: 403, versions: 403, raw: 403, node: 403 },
  };
  for (const [who, wanted] of Object.entries(expected)) {
    const got = {
      read: await ask(who, 'GET', '/api/v1/documents/plan/export?as=json'),
      write: await ask(who, 'PATCH', '/api/v1/documents/plan', edits),
      versions: await ask(who, 'GET', '/api/v1/documents/plan/versions'),
      raw: await ask(who, 'GET', '/api/v1/documents/plan/export?as=raw'),
      node: await ask(who, 'GET', '/api/v1/sessions'),
      remove: await ask(who, 'DELETE', '/api/v1/documents/plan'),
    };
    assert.deepEqual({ ...got }, { read: wanted.read, write: wanted.write, versions: wanted.versions, raw: wanted.raw, node: wanted.node, remove: wanted.remove }, who);
  }
  assert.equal(await ask('not.a.token', 'GET', '/api/v1/documents/plan'), 401);
  assert.equal(await ask(server.admin_token, 'POST', '/api/v1/documents/plan/admit', {}), 200);
  await change(server, 'close', { tokenId: 'owners' });
  assert.equal(await ask('owner', 'PATCH', '/api/v1/documents/plan', edits), 403, 'a token that was revoked');
});

test('who has lost the right while the body of a request came is refused, and nothing is done', async (context) => {
  const server = await serve(context);
  const target = '/api/v1/documents/plan';
  const body = JSON.stringify({ edits: [{ op: 'appendText', path: '/t', text: 'too late' }] });
  const send = (bearer) => {
    const call = request({
      host: '127.0.0.1',
      port: server.admin_port,
      path: target,
      method: 'PATCH',
      headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json', 'Content-Length': body.length },
    });
    const answered = new Promise((done, failed) => call.on('response', (response) => done(response.statusCode)).on('error', failed));
    call.write(body.slice(0, 10));
    return { end: () => (call.end(body.slice(10)), answered) };
  };
  const [ada, bob] = [send(token({ sub: 'ada', ...docs('write') })), send(token({ sub: 'bob', ...docs('write') }))];
  await pause(300); // both headers have been judged
  await change(server, 'close', { user: 'ada', seconds: 60 });
  assert.equal(await ada.end(), 403);
  assert.equal(await bob.end(), 200);
  assert.equal((await ask_admin(server, `${target}?as=json`)).json.t, 'too late', 'once, by bob');
});

test('a condition that a request does not take is refused, and an import and a restore take theirs', async (context) => {
  const server = await serve(context);
  const target = '/api/v1/documents/plan';
  const headers = { 'Content-Type': 'application/json' };
  const ask = (method, rest, body, more) => ask_admin(server, `${target}${rest}`, { method, headers: { ...headers, ...more }, body: body && JSON.stringify(body) });
  const first = await ask('PATCH', '', { edits: [{ op: 'appendText', path: '/t', text: 'one' }] });
  assert.equal(first.status, 200, first.body);
  assert.equal((await ask('POST', '/versions', { label: 'one' })).status, 201);
  const wrong = { 'If-Match': '"00000000000000000000000000000000"' };
  assert.equal((await ask('DELETE', '', undefined, wrong)).status, 400);
  assert.equal((await ask('POST', '/copy', { to: 'other' }, wrong)).status, 400);
  assert.equal((await ask('POST', '/versions/1/restore', {}, wrong)).status, 412);
  assert.equal((await ask('POST', '/import', { update: 'AAA=' }, wrong)).status, 412);
  const right = { 'If-Match': first.headers.etag };
  assert.equal((await ask('POST', '/versions/1/restore', {}, right)).status, 200);
  assert.equal((await ask('POST', '/import', { update: 'AAA=' }, right)).status, 200);
  assert.equal((await ask_admin(server, `${target}?as=json`)).json.t, 'one');
});

/**
 * An application that answers questions by `says(question)`, an object, or undefined or a number: 403 or that status; and
 * a server that asks it. `stop` ends the application.
 */
async function serve_with_application(context, says, settings = { 'access.webhook.secret': secret }) {
  const asked = [];
  const application = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const question = JSON.parse(body);
    asked.push({ ...question, event: request.headers['troupe-event'], signature: request.headers['troupe-signature'] });
    const answer = says(question) ?? 403;
    response.writeHead(typeof answer === 'number' ? answer : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(typeof answer === 'number' ? {} : answer));
  });
  await new Promise((done) => application.listen(0, '127.0.0.1', done));
  const stop = async () => {
    application.closeAllConnections();
    await new Promise((done) => application.close(done));
  };
  context.after(() => application.close());
  const server = await start_server({ 'access.mode': 'webhook', 'access.webhook.url': `http://127.0.0.1:${application.address().port}/may`, ...settings });
  context.after(() => server.stop());
  return { server, asked, stop };
}

test('the application decides where it is asked, and nobody is let in while it is away', async (context) => {
  const all_rights = { 'ada-session': ['write'], 'bob-session': ['read'], 'odd-session': ['read', 'own', 'write'] };
  const says = ({ token: shown }) => {
    const rights = all_rights[shown];
    return rights && { rights, user: shown.split('-')[0], tokenId: shown, cacheFor: 60 };
  };
  const { server, asked, stop } = await serve_with_application(context, says, { 'access.webhook.secret': secret, 'access.webhook.timeout': '1s' });
  const ada = client(context, server, 'plan', { token: 'ada-session' });
  await ada.synced();
  ada.text.insert(0, 'hello');
  const bob = client(context, server, 'plan', { token: 'bob-session' });
  await bob.synced();
  await until(() => bob.text.toString() === 'hello', 'who may read reads');
  bob.text.insert(0, 'not ');
  await until(() => bob.denied.length > 0, 'and does not write');
  const eve = await json(context, server, 'plan', 'eve-session');
  assert.equal(await eve.closed, 4403);
  assert.equal(await (await json(context, server, 'plan')).closed, 4403);
  assert.equal(await (await json(context, server, 'plan', 'odd-session')).closed, 1013, 'an answer that is half understood');
  assert.ok(asked.every((each) => each.event === 'authorise' && each.document === 'plan' && /^t=\d+,v1=[0-9a-f]{64}$/.test(each.signature)));
  const count = asked.length;
  const again = client(context, server, 'plan', { token: 'ada-session' });
  await again.synced();
  assert.equal(asked.length, count, 'an answer is kept');
  await change(server, 'close', { tokenId: 'ada-session' });
  await until(() => ada.closes.includes(4403), 'its token id closes it');
  assert.equal(await (await json(context, server, 'plan', 'ada-session')).closed, 4403);

  await stop();
  const late = await json(context, server, 'plan', 'somebody-new');
  assert.equal(await late.closed, 1013);
});

test('what the application says later counts for those who are here', async (context) => {
  let says = { rights: ['write'] };
  const answer = () => (says ? { ...says, user: 'ada', cacheFor: 1, presence: { name: 'Ada L.', color: '#f00', shoe: 39 } } : 500);
  const { server, asked } = await serve_with_application(context, answer, { 'access.stamp_presence': true, 'server.allowed_origins': 'https://app.example' });
  const page = await json(context, server, 'plan', 'a-session', { origin: 'https://app.example' });
  assert.equal((await page.ask('sync', {})).type, 'ack');
  assert.equal(asked[0].origin, 'https://app.example');
  await page.ask('presence', { user: { name: 'somebody else' } });
  const other = await json(context, server, 'plan', 'b-session');
  await other.ask('sync', {});
  const shown = () => other.heard.find(({ type, payload }) => type === 'presence' && JSON.stringify(payload).includes('Ada L.'));
  await until(shown, 'their presence says who they are');
  assert.ok(!JSON.stringify(shown()).includes('somebody else') && !JSON.stringify(shown()).includes('shoe'));

  const edit = () => page.ask('update', { edit: [{ op: 'appendText', path: '/t', text: 'x' }] });
  assert.equal((await edit()).type, 'ack');
  says = { rights: ['read'] };
  await until(async () => (await edit()).payload.code === 'FORBIDDEN', 'they may only read', 8000);
  says = undefined;
  const count = asked.length;
  await until(() => asked.length > count, 'it is asked again', 8000);
  assert.equal(page.socket.readyState, WebSocket.OPEN, 'while it is away they stay');
  says = { rights: [] };
  assert.equal(await within(page.closed, 'the end', 20000), 4403);
});

const errors_of = (session, name) => session.heard.filter(({ type, docName }) => type === 'error' && docName === name).map(({ payload }) => payload.code);
const in_seconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

test('who a session is in one document hides it in no other one', async (context) => {
  const users = { mine: 'ada', theirs: 'bob', public: null };
  const { server } = await serve_with_application(context, ({ document }) => ({ rights: ['write'], user: users[document], tokenId: `t-${document}` }));
  const joined = async () => {
    const session = await json(context, server, '', 'a-session');
    for (const name of Object.keys(users)) assert.equal((await session.ask('sync', {}, name)).type, 'ack');
    return session;
  };
  const one = await joined();
  const [listed] = (await ask_admin(server, '/api/v1/sessions')).json.sessions;
  assert.equal(listed.userId, 'ada', 'the first that was named');

  // Bob loses his document, and ada stays in hers.
  assert.equal((await change(server, 'rights', { user: 'bob', rights: [] })).sessions, 1);
  await until(() => errors_of(one, 'theirs').includes('FORBIDDEN'), 'the document of bob is lost');
  const edit = { edit: [{ op: 'appendText', path: '/t', text: 'x' }] };
  assert.equal((await one.ask('update', edit, 'mine')).type, 'ack');
  assert.equal((await change(server, 'rights', { user: 'ada', document: 'mine', rights: ['read'] })).sessions, 1);
  assert.equal((await one.ask('update', edit, 'mine')).payload.code, 'FORBIDDEN');
  assert.equal((await one.ask('update', edit, 'public')).type, 'ack');

  for (const subject of [{ user: 'ada' }, { tokenId: 't-public', seconds: 0 }]) {
    const other = await json(context, server, '', 'a-session');
    for (const name of ['mine', 'public']) assert.equal((await other.ask('sync', {}, name)).type, 'ack');
    assert.ok((await change(server, 'close', subject)).sessions >= 1);
    assert.equal(await within(other.closed, 'it is closed', 3000), 1008);
  }
});

test('an answer that ends closes its document, and a later one prolongs it', async (context) => {
  const ends = { short: in_seconds(3), long: in_seconds(60), renewed: in_seconds(5) };
  const { server } = await serve_with_application(context, ({ document }) => ({ rights: ['write'], user: 'ada', expiresAt: ends[document], ...(document === 'renewed' && { cacheFor: 1 }) }));
  const one = await json(context, server, '', 'a-session');
  for (const name of Object.keys(ends)) assert.equal((await one.ask('sync', {}, name)).type, 'ack');
  ends.renewed = in_seconds(60);
  await until(() => errors_of(one, 'short').includes('FORBIDDEN'), 'the answer about one document has ended', 8000);
  await pause(3500);
  const edit = { edit: [{ op: 'appendText', path: '/t', text: 'x' }] };
  assert.equal((await one.ask('update', edit, 'long')).type, 'ack');
  assert.equal((await one.ask('update', edit, 'renewed')).type, 'ack');
  assert.deepEqual(errors_of(one, 'renewed'), []);

  ends.last = in_seconds(2);
  const last = await json(context, server, '', 'a-session');
  assert.equal((await last.ask('sync', {}, 'last')).type, 'ack');
  const yjs = client(context, server, 'last', { token: 'a-session' });
  await yjs.synced();
  assert.equal(await within(last.closed, 'nothing is left', 8000), 4001);
  await until(() => yjs.closes.includes(4001), 'the document of an address');
});

test('a change leaves at most what it names, and gives back when it ends or is lifted', async (context) => {
  const server = await serve(context);
  const edit = { edit: [{ op: 'appendText', path: '/t', text: 'x' }] };
  const ada = await json(context, server, 'plan', token({ sub: 'ada', ...docs('write') }));
  assert.equal((await ada.ask('sync', {})).type, 'ack');
  const eve = async () => (await json(context, server, 'plan', token({ sub: 'eve', ...docs('write', 'other') }))).closed;
  const may_write = async () => (await ada.ask('update', edit)).type === 'ack';

  await change(server, 'rights', { document: 'plan', rights: ['read'], seconds: 2 });
  assert.equal(await may_write(), false);
  assert.equal(await eve(), 4403, 'what nobody gave is not given');
  await until(may_write, 'the change has ended', 5000);

  await change(server, 'rights', { user: 'ada', rights: ['read'] });
  await change(server, 'rights', { document: 'plan', rights: ['admin'] });
  assert.equal(await may_write(), false, 'every change counts');
  const lift = (query) => ask_admin(server, `/api/v1/sessions/changes?${query}`, { method: 'DELETE' });
  const kept = (await ask_admin(server, '/api/v1/sessions/changes')).json;
  assert.equal(kept.count, 2);
  assert.equal(kept.changes[0].user, 'ada');
  assert.ok(kept.changes[0].seconds > 86000);
  assert.equal((await lift('user=ada&document=plan')).status, 404);
  assert.equal((await lift('usr=ada')).status, 400);
  assert.equal((await lift('user=ada')).status, 200);
  await until(may_write, 'it was lifted', 3000);

  const grant = { user: 'eve', document: 'plan', rights: ['write'], grant: true };
  await change(server, 'rights', grant);
  const late = await json(context, server, 'plan', token({ sub: 'eve', ...docs('write', 'other') }));
  assert.equal((await late.ask('sync', {})).type, 'ack');
  assert.equal((await late.ask('update', edit)).type, 'ack');
  await change(server, 'close', { user: 'eve', seconds: 60 });
  assert.equal(await within(late.closed, 'it is closed', 3000), 4403);
  await change(server, 'rights', { ...grant, document: 'plan', seconds: 60 });
  assert.equal(await eve(), 4403, 'no grant opens what is closed');
  for (const [body, text] of [
    [{ user: 'ada', rights: ['read'], grant: true }, 'a grant needs'],
    [{ document: 'plan', rights: ['read'], grant: true }, 'a grant needs'],
    [{ user: 'ada', rights: ['read'], document_: 'plan' }, "'document_' is no member"],
  ]) {
    const refused = await ask_admin(server, '/api/v1/sessions/rights', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    assert.equal(refused.status, 400);
    assert.ok(refused.json.error.includes(text), refused.body);
  }
});

test('neither a change nor a grant makes a yes of the no of the application', async (context) => {
  const { server } = await serve_with_application(context, ({ document }) => (document === 'plan' ? undefined : { rights: ['write'], user: 'ada' }));
  await change(server, 'rights', { document: 'plan', rights: ['read'] });
  await change(server, 'rights', { user: 'ada', document: 'plan', rights: ['read'], grant: true });
  const one = await json(context, server, '', 'a-session');
  assert.equal((await one.ask('sync', {}, 'mine')).type, 'ack');
  assert.equal((await one.ask('sync', {}, 'plan')).payload.code, 'FORBIDDEN');
});
