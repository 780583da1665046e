// Webhooks: the application hears of every change at least once, signed, whatever happens to it and to the server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { base64, json_client } from './support/json_client.mjs';
import { refused_start, start_server } from './support/server.mjs';
import { pause, until } from './support/wait.mjs';
import { python_example, receive_webhooks, webhook_secret, webhook_settings } from './support/webhook_receiver.mjs';

/** The settings of a server with a directory of its own. */
function on_disk() {
  const folder = temporary_folder();
  return { 'storage.engine': 'rocksdb', 'storage.path': path.join(folder, 'data') };
}

/** Whether a state vector, as base64, has all that a document knows. */
function has_all_of(vector, doc) {
  const known = Y.decodeStateVector(Buffer.from(vector, 'base64'));
  return [...Y.decodeStateVector(Y.encodeStateVector(doc))].every(([client, clock]) => (known.get(client) ?? 0) >= clock);
}

/** A JSON session that writes into the text of one document; each write is acknowledged, so it is durable. */
async function writer(server, name, user = 'ada') {
  const client = await new json_client(server.url, `/${name}?userId=${user}`).open();
  const doc = new Y.Doc();
  await client.do({ type: 'sync' });
  return {
    doc,
    async write(text) {
      const known = Y.encodeStateVector(doc);
      doc.getText('text').insert(0, text);
      await client.do({ type: 'update', payload: { update: base64(Y.encodeStateAsUpdate(doc, known)) } });
    },
    destroy: () => client.destroy(),
  };
}

test('a change is told with its authors and the state of the document', async (context) => {
  const receiver = await receive_webhooks(context);
  const own = await own_server(context, webhook_settings(receiver, { 'webhooks.include_contents': true }));
  const author = await own.track(await writer(own.server, 'plan', 'ada'));
  const other = await own.track(await writer(own.server, 'plan', 'bob'));
  await author.write('hello');
  Y.applyUpdate(other.doc, Y.encodeStateAsUpdate(author.doc));
  await other.write('oh, ');
  const told = await until(
    () => receiver.of({ event: 'document.changed' }).find((each) => has_all_of(each.json.stateVector, other.doc)),
    'the newest state is told',
  );
  assert.equal(told.json.event, 'document.changed');
  assert.equal(told.json.document, 'plan');
  assert.equal(told.json.delivery, told.delivery);
  assert.match(told.delivery, /^[0-9a-f]{32}$/);
  assert.equal(told.headers['content-type'], 'application/json');
  assert.deepEqual(told.json.contents, { text: 'oh, hello' });
  assert.deepEqual(told.json.origins, []);
  assert.ok(told.json.bytes > 0);
  assert.ok(Math.abs(Date.now() - told.json.at) < 60000);
  const authors = new Set(receiver.of({ document: 'plan' }).flatMap((each) => each.json.authors));
  assert.deepEqual(authors, new Set(['ada', 'bob']));
  assert.equal(receiver.forged, 0);
});

test('a document that is edited all the time is told now and then', async (context) => {
  const receiver = await receive_webhooks(context);
  const own = await own_server(context, webhook_settings(receiver, { 'webhooks.debounce': '300ms', 'webhooks.max_delay': '1s' }));
  const author = await own.client('busy').synced();
  const begin = Date.now();
  while (Date.now() - begin < 3000) {
    author.text.insert(0, 'x');
    await pause(5);
  }
  const during = receiver.of({ document: 'busy' }).length;
  assert.ok(during >= 2 && during <= 4, `${during} while it was edited for 3 s`);
  await until(() => receiver.of({ document: 'busy' }).some((each) => has_all_of(each.json.stateVector, author.doc)), 'the end is told');
});

test('who opens, joins, leaves and removes a document is told in order', async (context) => {
  const receiver = await receive_webhooks(context);
  const events = 'document.opened,document.closed,document.deleted,session.joined,session.left';
  const own = await own_server(
    context,
    webhook_settings(receiver, { ...on_disk(), 'webhooks.events': events, 'document.idle_grace': '0s' }),
  );
  const author = await own.track(await writer(own.server, 'plan', 'ada'));
  await author.write('x');
  author.destroy();
  await until(() => receiver.of({ event: 'document.closed' }).length === 1, 'the document is closed');
  assert.equal((await ask_admin(own.server, '/api/v1/documents/plan', { method: 'DELETE' })).status, 200);
  await until(() => receiver.of({ event: 'document.deleted' }).length === 1, 'the removal is told');
  const told = receiver.of({ document: 'plan' });
  assert.deepEqual(
    told.map((each) => each.event),
    ['document.opened', 'session.joined', 'session.left', 'document.closed', 'document.deleted'],
  );
  assert.equal(told[1].json.user, 'ada');
  assert.equal(told[1].json.session, told[2].json.session);
  assert.equal(new Set(told.map((each) => each.delivery)).size, told.length);
});

test('what the application refuses comes again under the same key, and the page shows it', async (context) => {
  const receiver = await receive_webhooks(context);
  let left = 3;
  receiver.answer = () => (left-- > 0 ? 500 : 204);
  const own = await own_server(context, webhook_settings(receiver));
  const author = await own.client('plan').synced();
  author.text.insert(0, 'x');
  await until(() => receiver.requests.length >= 1, 'a first attempt');
  const page = await until(async () => {
    const { json } = await ask_admin(own.server, '/api/v1/webhooks');
    return json.failed >= 1 && json;
  }, 'the failure shows');
  assert.equal(page.lastError, 'it answered 500');
  assert.equal(page.url, receiver.url);
  assert.deepEqual(page.deadLetters, []);
  await until(() => receiver.confirmed.length === 1, 'a confirmed delivery', 30000);
  assert.equal(new Set(receiver.requests.map((each) => each.delivery)).size, 1);
  assert.equal(receiver.requests.length, 4);
  const { json } = await until(async () => {
    const answer = await ask_admin(own.server, '/api/v1/webhooks');
    return answer.json.sent === 1 && answer;
  }, 'the success shows');
  assert.equal(json.queued, 0);
  const again = await ask_admin(own.server, '/api/v1/webhooks/replay', { method: 'POST', headers: { 'Content-Type': 'application/json' } });
  assert.deepEqual(again.json, { replayed: 0 });
});

test('what was not delivered when the server was killed is told after its restart', async (context) => {
  const where = on_disk();
  const receiver = await receive_webhooks(context);
  await receiver.close(); // the application is away
  const settings = webhook_settings(receiver, where);
  const first = await start_server(settings);
  context.after(() => first.kill());
  const writers = await Promise.all(Array.from({ length: 20 }, (_, i) => writer(first, `d${i}`)));
  for (const [i, each] of writers.entries()) for (let n = 0; n <= i % 3; ++n) await each.write(`${n}`);
  await pause(400); // some have been tried, and failed
  await writers[0].write('in the last moment');
  await first.kill();
  for (const each of writers) each.destroy();

  await receiver.listen_again();
  const second = await own_server(context, settings);
  await until(
    () => writers.every((each, i) => receiver.of({ document: `d${i}` }).some((told) => has_all_of(told.json.stateVector, each.doc))),
    'all changes are told',
    30000,
    () => `${receiver.confirmed.length} deliveries`,
  );
  await until(async () => (await ask_admin(second.server, '/api/v1/webhooks')).json.queued === 0, 'nothing waits any more');
  assert.equal(receiver.forged, 0);
});

test('whenever the server is killed, every change that was acknowledged is told', async (context) => {
  const where = on_disk();
  const receiver = await receive_webhooks(context);
  receiver.answer = () => (Math.random() < 0.3 ? 503 : 204);
  const settings = webhook_settings(receiver, where);
  const docs = new Map();
  for (let round = 0; round < 6; ++round) {
    const server = await start_server(settings);
    context.after(() => server.kill());
    const names = Array.from({ length: 5 }, (_, i) => `r${round}-${i}`);
    const writers = await Promise.all(names.map((name) => writer(server, name)));
    names.forEach((name, i) => docs.set(name, writers[i].doc));
    const end = Date.now() + 100 + Math.random() * 500;
    await Promise.all(
      writers.map(async (each) => {
        while (Date.now() < end) await each.write('x');
      }),
    );
    await server.kill();
    for (const each of writers) each.destroy();
  }
  receiver.answer = () => 204;
  await own_server(context, settings);
  await until(
    () => [...docs].every(([name, doc]) => receiver.of({ document: name }).some((told) => has_all_of(told.json.stateVector, doc))),
    'all changes of all rounds are told',
    30000,
  );
});

test('a server that stops in order keeps what it could not deliver, with its authors', async (context) => {
  const where = on_disk();
  const receiver = await receive_webhooks(context);
  receiver.answer = () => 503;
  const settings = webhook_settings(receiver, { ...where, 'webhooks.debounce': '10s', 'webhooks.max_delay': '20s' });
  const first = await start_server(settings);
  context.after(() => first.kill());
  const author = await writer(first, 'plan', 'ada');
  await author.write('x');
  author.destroy();
  await first.stop();
  receiver.answer = () => 204;
  await own_server(context, settings);
  const told = await until(() => receiver.of({ document: 'plan' })[0], 'the change is told', 10000);
  assert.deepEqual(told.json.authors, ['ada']);
});

test('a private address is refused unless it is allowed, and clients notice nothing', async (context) => {
  const receiver = await receive_webhooks(context);
  const own = await own_server(context, webhook_settings(receiver, { 'webhooks.allow_private_addresses': false }));
  const author = await own.client('plan').synced();
  author.text.insert(0, 'x');
  await until(async () => (await ask_admin(own.server, '/api/v1/webhooks')).json.failed > 0, 'an attempt failed');
  const { json } = await ask_admin(own.server, '/api/v1/webhooks');
  assert.equal(json.lastError, 'request_failed: its address is private, and those are not allowed');
  assert.equal(receiver.requests.length, 0);
});

test('without webhooks there is no page of them, and nothing is announced', async (context) => {
  const where = on_disk();
  const own = await own_server(context, where);
  const author = await own.track(await writer(own.server, 'plan'));
  await author.write('x');
  const answer = await ask_admin(own.server, '/api/v1/webhooks');
  assert.equal(answer.status, 404);
  assert.match(answer.json.error, /webhooks\.url is not set/);
  const replayed = await ask_admin(own.server, '/api/v1/webhooks/replay', { method: 'POST', headers: { 'Content-Type': 'application/json' } });
  assert.equal(replayed.status, 404);
});

test('a URL, a secret or an event that cannot be is refused at the start', async () => {
  const refused = async (settings) => (await refused_start({ 'webhooks.secret': webhook_secret, ...settings })).stderr;
  assert.match(await refused({ 'webhooks.url': 'ftp://a/' }), /webhooks\.url: the URL must begin with http/);
  assert.match(await refused({ 'webhooks.url': 'http://user:secret@a/' }), /webhooks\.url: the URL names a user/);
  assert.match(await refused({ 'webhooks.url': 'http://a/', 'webhooks.secret': '' }), /needs webhooks\.secret/);
  assert.match(await refused({ 'webhooks.events': 'document.renamed' }), /is no event/);
  const missing = await refused({ 'webhooks.url': 'http://a/', 'webhooks.secret': '', 'webhooks.secret_file': '/no/such/file' });
  assert.match(missing, /webhooks\.secret_file '\/no\/such\/file'/);
});

test('the Python example accepts what the server signs, and nothing else', async (context) => {
  if (spawnSync('python3', ['-c', '']).status !== 0) return context.skip('there is no python3');
  const receiver = await receive_webhooks(context);
  const own = await own_server(context, webhook_settings(receiver));
  const author = await own.client('plan').synced();
  author.text.insert(0, 'x');
  const told = await until(() => receiver.confirmed[0], 'a webhook');
  const folder = temporary_folder();
  const script = path.join(folder, 'check.py');
  writeFileSync(script, `${python_example}
import sys
secret, header = sys.argv[1].encode(), sys.argv[2]
print(is_from_troupe(secret, header, sys.stdin.buffer.read()))
`);
  const check = (secret, header, body) => spawnSync('python3', [script, secret, header], { input: body }).stdout.toString().trim();
  const header = told.headers['troupe-signature'];
  assert.equal(check(webhook_secret, header, told.body), 'True');
  assert.equal(check('another secret', header, told.body), 'False');
  assert.equal(check(webhook_secret, header, Buffer.concat([told.body, Buffer.from(' ')])), 'False');
  assert.equal(check(webhook_secret, header.replace(/t=\d+/, 't=1'), told.body), 'False');
  assert.equal(check(webhook_secret, '', told.body), 'False');
});
