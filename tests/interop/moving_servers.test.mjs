// `troupe import` from servers as people run them: the store that y-websocket's own server has made with real
// clients, that server while it runs, and Hocuspocus while it runs. A client that then asks troupe for the same
// document by the same name has what it had.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as create_secure_server } from 'node:https';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';
import * as Y from 'yjs';

import { yjs_client } from './support/clients.mjs';
import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { update_frame } from './support/frames.mjs';
import { documents, fresh, read_back, state_of } from './support/moving.mjs';
import { run_hocuspocus, run_y_websocket } from './support/old_servers.mjs';
import { binary_path } from './support/server.mjs';
import { make_certificate } from './support/tls.mjs';
import { pause, until } from './support/wait.mjs';

/** As report_of, for servers that live in this process. */
async function report_while_serving(status, ...args) {
  const child = spawn(binary_path(), [...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, status, out + err);
  return out ? JSON.parse(out) : err;
}

function names_file(names) {
  const file = fresh('names.txt');
  writeFileSync(file, names.map((name) => `${name}\n`).join(''));
  return file;
}

/** Real clients write documents under the names that an application gives them. */
async function write_by_clients(url, made) {
  const clients = [];
  for (const [name, { doc }] of made) {
    const client = await new yjs_client(url, name).synced();
    clients.push(client);
    Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(doc));
    // What a second client is sent, the server has.
    const other = await new yjs_client(url, name).synced();
    clients.push(other);
    await until(() => Y.encodeStateAsUpdate(other.doc).length === Y.encodeStateAsUpdate(doc).length, `${name} is there`);
  }
  for (const client of clients) client.destroy();
}

/** Real clients of troupe read them under the same names. */
async function read_by_clients(context, store, made) {
  const { server } = await own_server(context, { 'storage.engine': 'rocksdb', 'storage.path': store });
  for (const [name, { updates }] of made) {
    const client = await new yjs_client(server.url, name).synced();
    assert.deepEqual(Buffer.from(Y.encodeStateAsUpdate(client.doc)), state_of(updates), name);
    client.destroy();
  }
  await server.stop();
}

function rooms() {
  const made = documents();
  made.set('a%20b', made.get('two authors'));
  return made;
}

test('clients of y-websocket find their documents again under the same names', async (context) => {
  const directory = fresh('leveldb');
  const old = await run_y_websocket(context, { YPERSISTENCE: directory });
  const made = rooms();
  await write_by_clients(old.url, made);
  await pause(500); // it writes to its store behind the clients
  await old.stop();
  const store = fresh('store');
  const report = await report_while_serving(0, 'import', '--from', 'y-leveldb', directory, '--store', store);
  assert.equal(report.imported, made.size);
  await read_by_clients(context, store, made);
  // The names as the store has them, for those who want them.
  const as_is = fresh('store');
  const encoded = await report_while_serving(1, 'import', '--from', 'y-leveldb', directory, '--store', as_is, '--names', 'as-is');
  assert.deepEqual(encoded.problems.map(({ what }) => what), ['the document name is longer than 512 bytes']);
  await read_back(context, as_is, [['wiki/page%201', state_of(made.get('wiki/page 1').updates)]]);
});

test('documents of a y-websocket server that runs move in by their names', async (context) => {
  const old = await run_y_websocket(context, {});
  const made = rooms();
  await write_by_clients(old.url, made);
  const store = fresh('store');
  const names = names_file([...made.keys(), 'never written']);
  const run = ['import', '--from', 'y-websocket', old.url, names, '--store', store];
  const report = await report_while_serving(0, ...run);
  assert.deepEqual([report.imported, report.empty], [made.size, 1]);
  assert.equal((await report_while_serving(0, ...run)).unchanged, made.size);
  await read_by_clients(context, store, made);
  await old.stop();
  assert.match(await report_while_serving(2, ...run), /the server does not answer any more/);
});

test('documents move in that a y-websocket server has yet to read from its own store', async (context) => {
  const directory = fresh('leveldb');
  const first = await run_y_websocket(context, { YPERSISTENCE: directory });
  const made = documents();
  await write_by_clients(first.url, made);
  await pause(500);
  await first.stop();
  // It answers before it has read a document.
  const old = await run_y_websocket(context, { YPERSISTENCE: directory });
  const store = fresh('store');
  const report = await report_while_serving(0, 'import', '--from', 'y-websocket', old.url, names_file([...made.keys()]), '--store', store);
  assert.deepEqual([report.imported, report.empty], [made.size, 0]);
  await read_by_clients(context, store, made);
});

test('documents of a Hocuspocus server that runs move in by their names', async (context) => {
  const made = documents();
  const { url } = await run_hocuspocus(context, made, {
    async onAuthenticate({ token, documentName }) {
      if (token !== 'secret' || documentName === 'forbidden') throw new Error('no');
    },
  });
  const token = fresh('token');
  writeFileSync(token, 'secret\n');
  const store = fresh('store');
  const names = names_file([...made.keys(), 'forbidden']);
  const report = await report_while_serving(1, 'import', '--from', 'hocuspocus', url, names, '--store', store, '--token-file', token);
  assert.equal(report.imported, made.size);
  assert.match(report.problems.find(({ document }) => document === 'forbidden').what, /denies access/);
  await read_back(context, store, [...made].map(([name, { updates }]) => [name, state_of(updates)]));
  const none = await report_while_serving(1, 'import', '--from', 'hocuspocus', url, names, '--store', fresh('store'));
  assert.equal(none.imported, 0);
});

test('a server behind TLS is asked if its certificate is trusted', async (context) => {
  const certificate = make_certificate(temporary_folder(), 'old');
  const secure = create_secure_server({ cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) });
  const { updates } = documents().get('a');
  const targets = [];
  new WebSocketServer({ server: secure }).on('connection', (socket, request) => {
    targets.push(request.url);
    // As a server that says more in one frame than is needed: a SyncStep1, presence, and the answer in pieces.
    socket.send(Buffer.from([0, 0, 1, 0]));
    socket.send(Buffer.from([1, 1, 0]));
    socket.send(update_frame(updates[0]));
    socket.send(Buffer.from([0, 1, 2, 0, 0]));
  });
  await new Promise((resolve) => secure.listen(0, '127.0.0.1', resolve));
  context.after(() => secure.close());
  const token = fresh('token');
  writeFileSync(token, 'a&b\n');
  const url = `wss://127.0.0.1:${secure.address().port}/collaboration?team=1`;
  const run = ['import', '--from', 'y-websocket', url, names_file(['a']), '--token-file', token];
  const refused = await report_while_serving(1, ...run, '--store', fresh('store'));
  assert.match(refused.problems[0].what, /certificate/);
  const store = fresh('store');
  assert.equal((await report_while_serving(0, ...run, '--store', store, '--ca-file', certificate.certificate)).imported, 1);
  assert.deepEqual(targets, ['/collaboration/a?team=1&token=a%26b']);
  await read_back(context, store, [['a', state_of(updates)]]);
});

test('a server that says nothing, and one that is none, are told', async (context) => {
  const silent = createServer((request, response) => response.end('hello'));
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  context.after(() => silent.close());
  const names = names_file(['a', 'b']);
  const store = fresh('store');
  const report = await report_while_serving(1, 'import', '--from', 'y-websocket', `ws://127.0.0.1:${silent.address().port}`, names, '--store', store);
  assert.deepEqual(report.problems.map(({ document }) => document).filter((name, i, all) => all.indexOf(name) === i), ['a', 'b']);
  assert.match(await report_while_serving(2, 'import', '--from', 'y-websocket', 'http://127.0.0.1:1', names, '--store', store), /ws:\/\//);
  assert.match(await report_while_serving(2, 'import', '--from', 'hocuspocus', 'ws://127.0.0.1:1', fresh('nowhere'), '--store', store), /nowhere/);
});
