// The REST API on the public port, for users with tokens, and the logs of who asked what.
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

import { temporary_folder } from './support/folder.mjs';
import { ask_admin, request } from './support/http.mjs';
import { json_client } from './support/json_client.mjs';
import { admin_token, refused_start } from './support/server.mjs';
import { docs, secret, serve_with_tokens, token } from './support/tokens.mjs';
import { until, within } from './support/wait.mjs';

/** Asks the API of the public port. */
async function ask(server, bearer, method, target, body, headers = {}) {
  const all = { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}), ...headers };
  const answer = await request(server, target, { method, headers: all, body: typeof body === 'object' ? JSON.stringify(body) : body });
  if (answer.headers['content-type'] === 'application/json' && answer.body !== '') answer.json = JSON.parse(answer.body);
  return answer;
}
const lines_of = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const edit = { edits: [{ op: 'appendText', path: '/t', text: 'x' }], origin: 'backend' };

test('users reach the documents of their tokens behind the prefix, and nothing else', async (context) => {
  const server = await serve_with_tokens(context, { 'server.api_prefix': '/backend', 'io.threads': 2 });
  const at = (what) => `/backend/api/v1${what}`;
  const writer = token({ sub: 'ada', ...docs('write') });
  const reader = token({ sub: 'eve', ...docs('read') });
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(server.url, 'plan', doc, { WebSocketPolyfill: WebSocket, disableBc: true, params: { token: writer } });
  context.after(() => {
    provider.destroy();
    doc.destroy();
  });
  await within(new Promise((done) => provider.once('sync', done)), 'the first sync', 5000);

  const edited = await ask(server, writer, 'PATCH', at('/documents/plan'), edit);
  assert.equal(edited.status, 200, edited.body);
  await until(() => doc.getText('t').toString() === 'x', 'the client sees the edit');
  assert.deepEqual((await ask(server, reader, 'GET', at('/documents/plan?as=json'))).json, { t: 'x' });
  const update = Y.encodeStateAsUpdate(new Y.Doc());
  assert.equal((await ask(server, writer, 'POST', at('/documents/plan/updates'), Buffer.from(update).toString(), { 'Content-Type': 'application/octet-stream' })).status, 200);

  const statuses = {
    'a reader edits': [reader, 'PATCH', at('/documents/plan'), edit, 403],
    'another document': [writer, 'GET', at('/documents/secret'), undefined, 403],
    'a document that is nowhere': [writer, 'GET', at('/documents/none'), undefined, 403],
    'a page of operators': [writer, 'GET', at('/sessions'), undefined, 403],
    'rights of others': [writer, 'POST', at('/sessions/rights'), { user: 'eve', rights: [] }, 403],
    'what is stored raw': [writer, 'GET', at('/documents/plan/export?as=raw'), undefined, 403],
    'no page': [writer, 'GET', at('/nothing'), undefined, 403],
    'no token': [undefined, 'GET', at('/documents/plan'), undefined, 401],
    'a forged token': [token({ sub: 'ada', ...docs('write') }, { key: 'some other secret of thirty-two bytes' }), 'GET', at('/documents/plan'), undefined, 401],
    'the admin token': [admin_token, 'GET', at('/documents/plan'), undefined, 401],
    'without the prefix': [writer, 'GET', '/api/v1/documents/plan', undefined, 426],
    'a form': [writer, 'POST', at('/documents/plan/events'), 'a=b', 415, { 'Content-Type': 'text/plain' }],
  };
  for (const [what, [bearer, method, target, body, status, headers]] of Object.entries(statuses)) {
    const answer = await ask(server, bearer, method, target, body, headers);
    assert.equal(answer.status, status, `${what}: ${answer.body}`);
    assert.ok(!answer.body.includes('admin token'), what);
  }
  const foreign = await ask(server, writer, 'GET', at('/documents/plan'), undefined, { Origin: 'https://evil.example' });
  assert.equal(foreign.status, 403);
  assert.equal((await request(server, '/healthz')).status, 200);
});

test('what a user loses counts at once, and a user has a rate of requests', async (context) => {
  const server = await serve_with_tokens(context, { 'server.api_prefix': '/', 'limits.api_requests_per_second': 1, 'limits.api_request_burst': 5 });
  const ada = token({ sub: 'ada', ...docs('write') });
  assert.equal((await ask(server, ada, 'PATCH', '/api/v1/documents/plan', edit)).status, 200);
  const changed = await ask_admin(server, '/api/v1/sessions/rights', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: 'ada', rights: ['read'] }) });
  assert.equal(changed.status, 200);
  assert.equal((await ask(server, ada, 'PATCH', '/api/v1/documents/plan', edit)).status, 403);
  const bob = token({ sub: 'bob', ...docs('read') });
  const statuses = [];
  for (let i = 0; i < 12; ++i) statuses.push(await ask(server, bob, 'GET', '/api/v1/documents/plan?as=json'));
  assert.equal(statuses[0].status, 200);
  const late = statuses.filter(({ status }) => status === 429);
  assert.ok(late.length >= 4, statuses.map(({ status }) => status).join());
  assert.equal(late[0].headers['retry-after'], '1');
  assert.equal((await ask(server, token({ sub: 'cal', ...docs('read') }), 'GET', '/api/v1/documents/plan?as=json')).status, 200);
});

test('a body must say its size, and has a limit', async (context) => {
  const server = await serve_with_tokens(context, { 'server.api_prefix': '/' });
  const ada = token({ sub: 'ada', ...docs('write') });
  const large = await ask(server, ada, 'POST', '/api/v1/documents/plan/events', `"${'x'.repeat(70000)}"`);
  assert.equal(large.status, 413);
  const chunked = await new Promise((resolve, reject) => {
    const sent = http.request({ host: '127.0.0.1', port: server.port, path: '/api/v1/documents/plan', method: 'PATCH', agent: false, headers: { Authorization: `Bearer ${ada}`, 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(edit));
  });
  assert.equal(chunked, 413);
});

test('the API on the public port needs tokens of users', async () => {
  const refused = await refused_start({ 'server.api_prefix': '/backend' });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /server\.api_prefix: needs access\.mode token/);
  const odd = await refused_start({ 'server.api_prefix': 'backend/' });
  assert.match(odd.stderr, /server\.api_prefix: must be \/ or a path/);
});

test('each request is a line, each change of rights an event, and neither has a token', async (context) => {
  const folder = temporary_folder();
  const [requests, audit] = [path.join(folder, 'requests.jsonl'), path.join(folder, 'audit.jsonl')];
  const server = await serve_with_tokens(context, { 'server.api_prefix': '/', 'log.requests': requests, 'log.audit': audit });
  const ada = token({ sub: 'ada', jti: 't1', ...docs('write') });
  const post = (target, body, method = 'POST') => ask_admin(server, target, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  await ask(server, ada, 'PATCH', '/api/v1/documents/plan', edit);
  await ask(server, ada, 'PATCH', '/api/v1/documents/other', edit);
  await ask(server, undefined, 'GET', '/api/v1/documents/plan');
  await post('/api/v1/sessions/rights', { user: 'eve', rights: ['read'], seconds: 60 });
  await post('/api/v1/sessions/close', { tokenId: 't9' });
  await ask_admin(server, '/healthz');
  await post('/api/v1/documents/plan', undefined, 'DELETE');
  await until(() => lines_of(audit).length === 3, 'three changes');
  await until(() => lines_of(requests).length === 6, 'six requests');

  const [edited, forbidden, stranger] = lines_of(requests);
  assert.match(edited.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(edited.ms > 0 && edited.bytesIn > 20 && edited.bytesOut > 20);
  const facts = ({ by, user, tokenId, method, route, document, status }) => ({ by, user, tokenId, method, route, document, status });
  const route = '/api/v1/documents/{name}';
  assert.deepEqual(facts(edited), { by: 'user', user: 'ada', tokenId: 't1', method: 'PATCH', route, document: 'plan', status: 200 });
  assert.deepEqual(facts(forbidden), { by: 'user', user: 'ada', tokenId: 't1', method: 'PATCH', route, document: 'other', status: 403 });
  assert.deepEqual(facts(stranger), { by: 'nobody', user: undefined, tokenId: undefined, method: 'GET', route, document: 'plan', status: 401 });

  const [rights, closed, removed] = lines_of(audit);
  assert.deepEqual([rights.event, rights.by, rights.done, rights.details], ['rights.changed', 'admin', true, { user: 'eve', rights: 'read', seconds: 60 }]);
  assert.deepEqual([closed.event, closed.details], ['sessions.closed', { tokenId: 't9', seconds: 86400 }]);
  assert.deepEqual([removed.event, removed.document, removed.status], ['document.removed', 'plan', 200]);
  const all = readFileSync(requests, 'utf8') + readFileSync(audit, 'utf8');
  for (const secret_text of [ada, ada.split('.')[2], admin_token, secret, '"x"']) assert.ok(!all.includes(secret_text));

  renameSync(requests, `${requests}.1`);
  process.kill(server.pid, 'SIGHUP');
  await until(() => server.stdout.includes('troupe opened its logs again'), 'it says so');
  await ask_admin(server, '/api/v1/sessions');
  await until(() => lines_of(requests).length === 1, 'the new file has the next line');
  assert.equal(lines_of(`${requests}.1`).length, 6);
});

test('a log that cannot be written is no node', async (context) => {
  const refused = await refused_start({ 'log.requests': path.join(temporary_folder(), 'none', 'requests.jsonl') });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /log\.requests: the file .*requests\.jsonl: No such file or directory/);
});

test('who administers one document sees nothing of the others that its sessions have joined', async (context) => {
  const server = await serve_with_tokens(context, { 'server.api_prefix': '/backend' });
  const both = token({ sub: 'bob', docs: [{ name: 'secret', rights: 'write' }, { name: 'plan', rights: 'write' }] });
  const bob = await new json_client(server.url, `/secret?token=${both}`).open();
  context.after(() => bob.raw.socket.close());
  await bob.ask({ type: 'sync' });
  await bob.ask({ type: 'sync', docName: 'plan' });
  bob.send({ type: 'presence', payload: { note: 'price 42' } });
  bob.send({ type: 'presence', docName: 'plan', payload: { where: 'here' } });
  const shown = async (bearer) => (await ask(server, bearer, 'GET', '/backend/api/v1/documents/plan/sessions')).body;
  const admin = token({ sub: 'ann', ...docs('admin') });
  await until(async () => (await shown(admin)).includes('here'), 'the presence in the document is listed', 5000);
  const seen = await shown(admin);
  assert.ok(!seen.includes('secret') && !seen.includes('price'), seen);
  // An operator sees both.
  const all = (await ask_admin(server, '/api/v1/documents/plan/sessions')).body;
  assert.ok(all.includes('secret'), all);
});
