// Moving while clients move (`upstream:`): troupe fetches a document that was never stored here from the server that it
// replaces, once, and owns it from then on. With the servers that people run: y-websocket's of two versions, with its
// store, and Hocuspocus 4.7.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';
import * as Y from 'yjs';

import { yjs_client } from './support/clients.mjs';
import { has_cluster, own_cluster } from './support/cluster.mjs';
import { own_server } from './support/fixture.mjs';
import { update_frame } from './support/frames.mjs';
import { hocuspocus_client, hocuspocus_socket, versions as hocuspocus_versions } from './support/hocuspocus_client.mjs';
import { ask_admin } from './support/http.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { documents, fresh } from './support/moving.mjs';
import { run_hocuspocus, run_y_websocket, y_websocket_versions } from './support/old_servers.mjs';
import { start_server } from './support/server.mjs';
import { pause, until } from './support/wait.mjs';
import { y_sweet_client } from './support/y_sweet_client.mjs';

/** The state of a document as its updates make it. */
const state_of = (doc) => Buffer.from(Y.encodeStateAsUpdate(doc));

/** Real clients write documents to the old server. */
async function write_by_clients(url, made) {
  for (const [name, { doc }] of made) {
    const client = await new yjs_client(url, name).synced();
    Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(doc));
    const other = await new yjs_client(url, name).synced();
    await until(() => state_of(other.doc).equals(state_of(doc)), `${name} is at the old server`);
    client.destroy();
    other.destroy();
  }
}

const stored_names = async (server) => (await ask_admin(server, '/api/v1/documents?limit=1000')).json.documents.map(({ name }) => name);

const as_json = (value) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });

const fetches = (server) => server.stdout + server.stderr;
const count_of = (server, text) => fetches(server).split(text).length - 1;

/** A server of WebSockets that does `talk(socket, request)`; resolves to its URL. */
async function talking_server(context, talk) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', talk);
  await new Promise((resolve) => server.once('listening', resolve));
  context.after(() => server.close());
  return `ws://127.0.0.1:${server.address().port}`;
}

/** A server on a store of its own, that fetches from `url`, with further settings. */
const moving_settings = (url, more = {}) => ({
  'storage.engine': 'rocksdb', 'storage.path': fresh('store'), 'upstream.url': url, 'log.level': 'info', ...more,
});

for (const version of y_websocket_versions)
  test(`clients of y-websocket's server ${version} move while it runs, from its store, too`, async (context) => {
    const directory = fresh('leveldb');
    const first = await run_y_websocket(context, { YPERSISTENCE: directory }, { version });
    const made = documents();
    await write_by_clients(first.url, made);
    await pause(300); // it writes to its store behind the clients
    await first.stop();
    // It has nothing in memory now, and answers before it has read its store.
    const old = await run_y_websocket(context, { YPERSISTENCE: directory }, { version });
    const settings = moving_settings(old.url);
    const { server, client } = await own_server(context, settings);
    const readers = [...made].map(([name]) => client(name));
    for (const [index, [name, { doc }]] of [...made].entries()) {
      await readers[index].synced(10_000);
      assert.deepEqual(state_of(readers[index].doc), state_of(doc), name);
    }
    await until(async () => `${(await stored_names(server)).sort()}` === `${[...made.keys()].sort()}`, 'all are stored');
    // What is written from now on is troupe's alone, and all see it.
    readers[0].text.insert(0, 'moved: ');
    const late = await client([...made.keys()][0]).synced();
    await until(() => late.text.toString() === readers[0].text.toString(), 'both show the same');
    const there = await new yjs_client(old.url, [...made.keys()][0]).synced();
    await pause(200);
    assert.ok(!there.text.toString().startsWith('moved'), 'nothing is written to the old server');
    there.destroy();
    assert.equal(count_of(server, 'was fetched from upstream.url'), made.size);
  });

test('documents of Hocuspocus move with their clients, by a token, in all dialects', async (context) => {
  const made = documents();
  const old = await run_hocuspocus(context, made, {
    async onAuthenticate({ token }) {
      if (token !== 'secret') throw new Error('no');
    },
  });
  const token = fresh('token');
  writeFileSync(token, 'secret\n');
  const port = await free_port();
  const { server, client, json, track } = await own_server(context, moving_settings(old.url, { 'upstream.protocol': 'hocuspocus', 'upstream.token_file': token, ...with_metrics(port) }));
  for (const [name, { doc }] of made) {
    const moved = await track(new hocuspocus_client(`${server.url}/hocuspocus`, name)).synced();
    assert.deepEqual(state_of(moved.doc), state_of(doc), name);
    assert.deepEqual(state_of((await client(encodeURIComponent(name)).synced()).doc), state_of(doc), name);
  }
  // Whoever comes first, in whatever dialect.
  made.set('for json', made.get('a'));
  made.set('for-y-sweet', made.get('a'));
  const program = await json('/for%20json');
  await program.join('for json');
  await until(() => program.text('for json') === 'hello 🌍', 'a JSON client has it', 5000, () => program.text('for json'));
  const y_sweet = await track(new y_sweet_client(server, 'for-y-sweet')).synced();
  await until(() => `${y_sweet.text}` === 'hello 🌍', 'a y-sweet client has it');
  assert.deepEqual(old.loads.sort(), [...made.keys()].sort());
  assert.equal(await metric(port, 'troupe_upstream_fetches', '"fetched"'), made.size);
  assert.equal(await metric(port, 'troupe_upstream_fetches', '"failed"'), 0);
});

test('a document that moved is not fetched again: after a restart, with the old server gone, or changed', async (context) => {
  const made = documents();
  const old = await run_hocuspocus(context, made);
  const settings = moving_settings(old.url, { 'upstream.protocol': 'hocuspocus' });
  const first = await start_server(settings);
  const moved = await new yjs_client(first.url, 'a').synced();
  const empty = await new yjs_client(first.url, 'never written').synced();
  moved.text.insert(0, 'moved: ');
  await until(() => moved.provider.synced, 'it is synced');
  await pause(300);
  assert.deepEqual((await stored_names(first)).sort(), ['a', 'never written']);
  moved.destroy();
  empty.destroy();
  await first.stop();
  // Somebody goes on with the old server.
  made.get('a').updates.push(Y.encodeStateAsUpdate(made.get('two authors').doc));
  made.set('never written', made.get('two authors'));
  const second = await own_server(context, settings);
  const again = await second.client('a').synced();
  assert.equal(again.text.toString(), 'moved: hello 🌍');
  const still_empty = await second.client('never written').synced();
  assert.equal(still_empty.text.toString(), '');
  assert.deepEqual(old.loads, ['a', 'never written']);
  await old.stop();
  const third = await second.client('a').synced();
  assert.equal(third.text.toString(), 'moved: hello 🌍');
});

test('while the old server is down, its documents are refused and the others are served', async (context) => {
  const directory = fresh('leveldb');
  const old = await run_y_websocket(context, { YPERSISTENCE: directory });
  const made = documents();
  await write_by_clients(old.url, made);
  await pause(300);
  const { server, client } = await own_server(context, moving_settings(old.url, { 'upstream.settle_time': '300ms', 'upstream.timeout': '2s' }));
  const known = await client('a').synced();
  await old.stop();
  const refused = client('two authors');
  const other = await client('a').synced();
  await until(() => refused.closes.length > 0, 'the document is refused');
  assert.deepEqual([refused.closes[0].code, refused.closes[0].reason], [1013, 'The document cannot be fetched now, try again later']);
  assert.ok(!refused.provider.synced);
  const { status, json } = await ask_admin(server, '/api/v1/documents/two%20authors/export');
  assert.deepEqual([status, json.code], [503, 'upstream_unavailable']);
  // Documents that were fetched are troupe's.
  known.text.insert(0, '!');
  await until(() => other.text.toString().startsWith('!'), 'an edit arrives');
  // The client goes on by itself once the old server is back.
  await run_y_websocket(context, { YPERSISTENCE: directory }, { port: old.port });
  await refused.synced(20_000);
  assert.deepEqual(state_of(refused.doc), state_of(made.get('two authors').doc));
  await until(async () => `${(await stored_names(server)).sort()}` === 'a,two authors', 'both are stored');
});

for (const version of hocuspocus_versions)
  test(`documents that the old server refuses leave the others on the socket of provider ${version}`, async (context) => {
    const made = documents();
    let is_closed = true;
    const old = await run_hocuspocus(context, made, {
      async onAuthenticate({ documentName }) {
        if (is_closed && documentName === 'denied') throw new Error('no');
      },
      async onLoadDocument({ documentName, document }) {
        if (is_closed && documentName === 'throws') {
          document.destroy(); // Hocuspocus lets the timer of its presence run on
          throw new Error('the database is down');
        }
        for (const update of made.get(documentName)?.updates ?? []) Y.applyUpdate(document, update);
      },
    });
    made.set('denied', made.get('a'));
    made.set('throws', made.get('two authors'));
    const { server, client, track } = await own_server(context, moving_settings(old.url, { 'upstream.protocol': 'hocuspocus', 'upstream.timeout': '2s' }));
    const socket = track(new hocuspocus_socket(`${server.url}/hocuspocus`, { version }));
    const provider_of = (name) => track(new hocuspocus_client(undefined, name, { socket }));
    const good = await provider_of('a').synced();
    const others = ['denied', 'throws'].map(provider_of);
    for (const each of others) each.text.insert(0, 'mine: ');
    for (let i = 0; i < 30; ++i) {
      await pause(100);
      good.text.insert(0, '.');
      assert.ok(socket.is_open, 'the socket stays');
    }
    await good.saved();
    for (const { provider, is_saved, denied } of others) assert.deepEqual([provider.synced, is_saved, denied], [false, false, []]);
    // Nobody is shown an empty document, and nobody leaves anything behind.
    new hocuspocus_client(undefined, 'throws too', { socket }).destroy();
    is_closed = false;
    for (const each of others) {
      await each.synced(20_000);
      await each.saved();
    }
    assert.equal(socket.closes.length, 0, JSON.stringify(socket.closes));
    for (const [name, text] of [['denied', 'hello 🌍'], ['throws', made.get('two authors').doc.getText('text').toString()]]) {
      const reader = await client(name).synced();
      assert.ok(reader.text.toString().includes('mine: '), name);
      assert.equal(reader.text.toString().replace('mine: ', ''), text, name);
    }
  });

test('on the socket of a provider, what is here is served while the old server is down', async (context) => {
  const directory = fresh('leveldb');
  const old = await run_y_websocket(context, { YPERSISTENCE: directory });
  const made = documents();
  await write_by_clients(old.url, made);
  await pause(300);
  const { server, track } = await own_server(context, moving_settings(old.url, { 'upstream.settle_time': '300ms', 'upstream.timeout': '2s' }));
  const socket = track(new hocuspocus_socket(`${server.url}/hocuspocus`));
  const known = await track(new hocuspocus_client(undefined, 'a', { socket })).synced();
  await old.stop();
  const waiting = track(new hocuspocus_client(undefined, 'two authors', { socket }));
  for (let i = 0; i < 30; ++i) {
    await pause(100);
    known.text.insert(0, '!');
    assert.ok(socket.is_open);
  }
  await known.saved();
  assert.equal(waiting.provider.synced, false);
  await run_y_websocket(context, { YPERSISTENCE: directory }, { port: old.port });
  await waiting.synced(20_000);
  assert.deepEqual(state_of(waiting.doc), state_of(made.get('two authors').doc));
  assert.deepEqual(socket.closes, []);
});

test('documents that clients named by encodeURIComponent are found', async (context) => {
  const old = await run_y_websocket(context);
  const made = documents();
  const names = ['wiki/page:1', 'a+b@c', 'plain'];
  for (const name of names) {
    const client = await new yjs_client(old.url, encodeURIComponent(name)).synced();
    Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(made.get('a').doc));
    await pause(100);
    client.destroy();
  }
  const { server, client } = await own_server(context, moving_settings(old.url, { 'upstream.settle_time': '100ms' }));
  for (const name of names) {
    const moved = await client(encodeURIComponent(name)).synced(10_000);
    assert.deepEqual(state_of(moved.doc), state_of(made.get('a').doc), name);
  }
  const empty = await client('nowhere:1').synced(10_000);
  assert.deepEqual(state_of(empty.doc), Buffer.from([0, 0]));
  await until(() => count_of(server, "document 'nowhere:1' was fetched from upstream.url: the server has no such document") === 1, 'the log says so');
});

test('large documents that are fetched at once share their memory, and all come', async (context) => {
  const doc = new Y.Doc();
  doc.getText('text').insert(0, 'x'.repeat(900_000));
  const state = Y.encodeStateAsUpdate(doc);
  const answer = Buffer.concat([Buffer.from([0, 1]), update_frame(state).subarray(2)]);
  const url = await talking_server(context, (socket) => socket.on('message', () => socket.send(answer)));
  const { server, client } = await own_server(context, moving_settings(url, {
    'upstream.settle_time': '300ms', 'limits.max_sync_size': '1MiB', 'limits.max_large_messages': '2MiB', 'limits.max_update_size': '1MiB',
  }));
  const clients = Array.from({ length: 12 }, (_, i) => client(`large${i}`));
  for (const each of clients) await each.synced(60_000);
  for (const each of clients) assert.equal(each.text.length, 900_000);
  assert.ok(count_of(server, 'too much is received at once') > 0, 'some had to wait');
});

test('an old server that ends half way, falls silent or talks nonsense leaves nothing behind', async (context) => {
  const { updates } = documents().get('a');
  let behave;
  const url = await talking_server(context, (socket, request) => behave(socket, request));
  const asked = [];
  const { server, client } = await own_server(context, moving_settings(url, { 'upstream.timeout': '1s', 'upstream.settle_time': '100ms' }));
  const refused_by = async (name, how) => {
    behave = (socket, request) => {
      asked.push(request.url);
      how(socket);
    };
    const one = client(name);
    await until(() => one.closes.length > 0, `'${name}' is refused`);
    assert.equal(one.closes[0].code, 1013, name);
    one.destroy();
  };
  await refused_by('killed', (socket) => {
    socket.send(update_frame(updates[0]));
    socket.terminate();
  });
  await refused_by('killed-between-answers', (socket) => {
    socket.send(Buffer.from([0, 1, 2, 0, 0]));
    socket.send(update_frame(updates[0]));
    setTimeout(() => socket.terminate(), 50);
  });
  await refused_by('silent', () => {});
  await refused_by('nonsense', (socket) => socket.send(Buffer.from([0, 1, 200, 1, 2, 3])));
  await refused_by('no-update', (socket) => socket.on('message', () => socket.send(Buffer.from([0, 1, 3, 1, 2, 3]))));
  await refused_by('denied', (socket) => socket.send(Buffer.from([2, 0, 2, 110, 111])));
  assert.deepEqual(asked.filter((url) => url === '/silent').length >= 1, true);
  assert.deepEqual(await stored_names(server), []);
});

test('the token of the old server is sent and never shown', async (context) => {
  const targets = [];
  const old = await talking_server(context, (socket, request) => {
    targets.push(request.url);
    socket.on('message', () => socket.send(Buffer.from([0, 1, 2, 0, 0])));
  });
  const url = `${old}/rooms?team=1`;
  const { server, client } = await own_server(context, moving_settings(url, { 'upstream.token': 'sëcret&1', 'upstream.settle_time': '0ms' }));
  await client('wiki/100%25 ä').synced();
  // The second name is that of a client that escapes it by itself.
  assert.deepEqual(targets, ['/rooms/wiki/100%25%20%C3%A4?team=1&token=s%C3%ABcret%261', '/rooms/wiki%2F100%25%20%C3%A4?team=1&token=s%C3%ABcret%261']);
  assert.ok(!fetches(server).includes('cret&1'), fetches(server));
});

test('a document that is deleted does not come back from the old server', async (context) => {
  const made = documents();
  const old = await run_hocuspocus(context, made);
  const settings = moving_settings(old.url, { 'upstream.protocol': 'hocuspocus' });
  const first = await start_server(settings);
  const moved = await new yjs_client(first.url, 'a').synced();
  await until(async () => (await stored_names(first)).includes('a'), 'it is stored');
  moved.destroy();
  // One that moved, and one that did not.
  for (const name of ['a', 'two%20authors'])
    assert.equal((await ask_admin(first, `/api/v1/documents/${name}`, { method: 'DELETE' })).status, 200, name);
  await first.stop();
  const { server, client } = await own_server(context, settings);
  for (const name of ['a', 'two authors']) {
    const refused = client(name);
    await until(() => refused.closes.length > 0, `'${name}' is refused`);
    assert.equal(refused.closes[0].code, 4410, name);
    refused.destroy();
    // Its next life is new.
    assert.equal((await ask_admin(server, `/api/v1/documents/${encodeURIComponent(name)}/admit`, { method: 'POST', ...as_json({}) })).status, 200);
    const next = await client(name).synced();
    assert.equal(next.text.toString(), '', name);
  }
  assert.deepEqual(old.loads, ['a']);
});

test('what is read by HTTP moves first; what the old server has not stays unknown', async (context) => {
  const made = documents();
  const old = await run_hocuspocus(context, made);
  const { server } = await own_server(context, moving_settings(old.url, { 'upstream.protocol': 'hocuspocus', 'upstream.documents': '["a", "two*", "none"]' }));
  const { status, bytes } = await ask_admin(server, '/api/v1/documents/a/export');
  assert.equal(status, 200);
  const read = new Y.Doc();
  Y.applyUpdate(read, bytes);
  assert.equal(read.getText('text').toString(), 'hello 🌍');
  assert.equal((await ask_admin(server, '/api/v1/documents/two%20authors')).status, 200);
  assert.equal((await ask_admin(server, '/api/v1/documents/none')).status, 404);
  // It is not among upstream.documents.
  assert.equal((await ask_admin(server, '/api/v1/documents/wiki%2Fpage%201')).status, 404);
  // What exists there cannot be created here.
  const created = await ask_admin(server, '/api/v1/documents/two%20authors', { method: 'POST', ...as_json({}) });
  assert.equal(created.status, 409, created.body);
  await until(async () => (await stored_names(server)).length === 2, 'both are stored');
  assert.deepEqual(old.loads.sort(), ['a', 'none', 'two authors']);
});

test('many documents are fetched at once, but no more than allowed', async (context) => {
  let [open, most] = [0, 0];
  const url = await talking_server(context, (socket) => {
    most = Math.max(most, ++open);
    socket.on('close', () => --open);
    socket.on('message', () => setTimeout(() => socket.send(Buffer.from([0, 1, 2, 0, 0])), 20));
  });
  const { server, client } = await own_server(context, moving_settings(url, { 'upstream.connections': 3, 'upstream.settle_time': '0ms' }));
  const clients = Array.from({ length: 30 }, (_, i) => client(`d${i}`));
  for (const each of clients) await each.synced(10_000);
  assert.equal(most, 3);
  assert.equal(count_of(server, 'was fetched from upstream.url'), 30);
});

test('a server that stops does not wait for the old one', async (context) => {
  const silent = net.createServer();
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  context.after(() => silent.close());
  const server = await start_server(moving_settings(`ws://127.0.0.1:${silent.address().port}`, { 'upstream.timeout': '1m' }));
  const waiting = new yjs_client(server.url, 'd');
  await until(() => new Promise((resolve) => silent.getConnections((_, count) => resolve(count > 0))), 'it is asked');
  const { milliseconds, code } = await server.terminate();
  assert.equal(code, 0);
  assert.ok(milliseconds < 4000, `${milliseconds} ms`);
  waiting.destroy();
});

// --- several nodes ---

const skip = has_cluster() ? false : 'this build has no clusters';

/** Three nodes that move documents from one server of Hocuspocus, and its clients, each at another node. */
async function moving_cluster(context, made) {
  const old = await run_hocuspocus(context, made);
  const use = await own_cluster(context, { settings: { 'upstream.url': old.url, 'upstream.protocol': 'hocuspocus', 'document.idle_grace': '0s' } });
  return { old, use };
}

test('of the nodes of a cluster only the home of a document fetches it, and all show it', { skip }, async (context) => {
  const made = new Map(Array.from({ length: 12 }, (_, i) => [`d${i}`, documents().get('two authors')]));
  const { old, use } = await moving_cluster(context, made);
  // All at once, at all nodes, and names that the old server does not know.
  const names = [...made.keys(), 'none-1', 'none-2'];
  const clients = names.flatMap((name) => use.nodes.map((node) => [name, use.client(node, name)]));
  for (const [name, client] of clients) {
    await client.synced(20_000);
    const expected = made.get(name);
    assert.deepEqual(state_of(client.doc), expected ? state_of(expected.doc) : Buffer.from([0, 0]), name);
  }
  assert.deepEqual(old.loads.sort(), [...names].sort());
  const logs = use.nodes.map((node) => count_of(node.server, 'was fetched from upstream.url'));
  assert.equal(logs.reduce((a, b) => a + b), names.length, `${logs}`);
  assert.ok(logs.filter((count) => count > 0).length > 1, `${logs}`);
});

test('a document that moved into a cluster and was deleted does not come back at any node', { skip }, async (context) => {
  const { old, use } = await moving_cluster(context, documents());
  const client = await use.client(use.nodes[0], 'a').synced(20_000);
  assert.equal(client.text.toString(), 'hello 🌍');
  client.destroy();
  assert.equal((await use.nodes[1].ask('/api/v1/documents/a', { method: 'DELETE' })).status, 200);
  for (const node of use.nodes) {
    const refused = use.client(node, 'a');
    await until(() => refused.closes.some(({ code }) => code === 4410), 'it is refused', 20_000, () => JSON.stringify(refused.closes));
    refused.destroy();
  }
  assert.deepEqual(old.loads, ['a']);
});

test('while the old server is down, no node of a cluster opens what it has', { skip }, async (context) => {
  const { old, use } = await moving_cluster(context, documents());
  await old.stop();
  for (const node of use.nodes) {
    const refused = use.client(node, 'a');
    await until(() => refused.closes.length > 0, `${node.name} refuses it`, 30_000);
    assert.equal(refused.closes[0].code, 1013);
    refused.destroy();
  }
});
