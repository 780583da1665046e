// wss://: real clients over TLS, what the server refuses, and certificates that are replaced while it runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { converged, random_edit, random_source } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { frame_type, message, sync, sync_step1, update_frame } from './support/frames.mjs';
import { request, request_upgrade } from './support/http.mjs';
import { writing } from './support/json_client.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { refused_start, start_server } from './support/server.mjs';
import { tcp_peer } from './support/tcp_peer.mjs';
import { make_certificate, replace_certificate, shake_hands, socket_trusting, tls_settings } from './support/tls.mjs';
import { pause, until } from './support/wait.mjs';

/** A server with a certificate of its own, and clients that trust it. */
async function tls_server(context, settings = {}) {
  const folder = temporary_folder();
  const mine = make_certificate(folder, 'first');
  const use = await own_server(context, { ...tls_settings(mine), 'limits.messages_per_second': 0, ...settings });
  return {
    ...use,
    folder,
    mine,
    secure: (document, ca = mine.ca, how = {}) => use.client(document, { WebSocketPolyfill: socket_trusting(ca), ...how }),
    secure_raw: (path, options) => use.raw(path, { ca: mine.ca, ...options }),
    secure_json: (path) => use.json(path, { ca: mine.ca }),
  };
}

test('y-websocket and JSON clients edit together over wss', async (context) => {
  const use = await tls_server(context);
  assert.match(use.server.url, /^wss:/);
  const clients = [await use.secure('a').synced(), await use.secure('a').synced()];
  const json = await use.secure_json('/a');
  await json.join();
  const random = random_source(4);
  for (let i = 0; i < 100; ++i) random_edit(clients[i % 2].doc, random);
  await converged(clients);
  await json.do({ type: 'update', payload: { update: writing('json ') } });
  await until(() => clients[0].text.toString().includes('json '), 'its edit arrives');
  await json.do({ type: 'presence', payload: { cursor: { line: 1, column: 2 } } });
  await until(() => [...clients[1].awareness.getStates().values()].some((state) => state.cursor?.line === 1), 'its presence, too');
  await converged(clients);
  const late = await use.secure('a').synced();
  await converged([...clients, late]);
});

test('the certificate of the README is for localhost, and for clients that accept no CA as a server', async (context) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const command = /^ {4}(openssl req[^#]*)#/m.exec(readme)[1];
  const folder = temporary_folder();
  execFileSync('sh', ['-c', command], { cwd: folder, stdio: 'pipe' });
  const [certificate, key] = ['chain.pem', 'key.pem'].map((name) => path.join(folder, name));
  const read = new X509Certificate(readFileSync(certificate));
  assert.equal(read.ca, false);
  assert.equal(read.checkHost('localhost', { subject: 'never' }), 'localhost');
  assert.equal(read.checkIP('127.0.0.1'), '127.0.0.1');
  const use = await own_server(context, tls_settings({ certificate, key }));
  await use.client('a', { WebSocketPolyfill: socket_trusting(readFileSync(certificate)) }).synced();
});

test('many frames in one TLS record are all understood', async (context) => {
  const use = await tls_server(context);
  const reader = await use.secure('a').synced();
  const sender = await use.secure_raw('/a').open();
  const count = 2000;
  sender.socket._socket.cork();
  sender.send(sync_step1());
  for (let i = 0; i < count; ++i) sender.send(update_frame(Buffer.from(writing('x', { client: i + 1 }), 'base64')));
  sender.socket._socket.uncork();
  await until(() => reader.text.length === count, 'all arrive', 10000, () => `${reader.text.length} of ${count}`);
  sender.send(sync_step1());
  const is_answer = (frame) => frame_type(frame).type === message.sync && frame_type(frame).subtype === sync.step2;
  await until(() => sender.frames.filter(is_answer).length === 2, 'it is answered to the end');
});

test('a message of 1 MB, and a document of 8 MB, come through whole in both directions', async (context) => {
  const use = await tls_server(context);
  const author = await use.secure('a').synced();
  const reader = await use.secure('a').synced();
  for (let i = 0; i < 8; ++i) {
    author.doc.getMap('map').set(`part-${i}`, new Uint8Array(1_000_000).map((_, at) => (at * 31 + i) & 255));
    await until(() => reader.doc.getMap('map').has(`part-${i}`), `part ${i} arrives`, 10000);
  }
  const late = await use.secure('a').synced(10000);
  await converged([author, reader, late], 20000);
});

test('above the rate, what TLS has read ahead waits and is not lost', async (context) => {
  const use = await tls_server(context, { 'limits.messages_per_second': 200, 'limits.edit_burst': 10 });
  const reader = await use.secure('a').synced();
  const sender = await use.secure_raw('/a').open();
  for (let i = 0; i < 200; ++i) sender.send(update_frame(Buffer.from(writing('x', { client: i + 1 }), 'base64')));
  await until(() => reader.text.length === 200, 'all arrive', 10000, () => `${reader.text.length} of 200`);
});

test('TLS 1.2 and 1.3 are spoken, 1.1 and 1.0 are refused', async (context) => {
  const use = await tls_server(context);
  const { port } = use.server;
  const only = (version) => ({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' });
  assert.equal((await shake_hands(port, only('TLSv1.2'))).protocol, 'TLSv1.2');
  assert.equal((await shake_hands(port, only('TLSv1.3'))).protocol, 'TLSv1.3');
  for (const version of ['TLSv1.1', 'TLSv1']) {
    const { error, protocol } = await shake_hands(port, only(version));
    assert.equal(protocol, undefined, version);
    assert.match(error, /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, version);
  }
});

test('who speaks plain HTTP or WebSocket to the port of wss is told, counted and logged', async (context) => {
  const metrics_port = await free_port();
  const use = await tls_server(context, with_metrics(metrics_port));
  const plain = await request(use.server, '/healthz');
  assert.deepEqual([plain.status, plain.body], [400, 'This port speaks TLS: use https:// or wss://.\n']);
  assert.equal((await request_upgrade(use.server, '/a')).status, 400);
  assert.equal(await metric(metrics_port, 'troupe_turned_away_connections', '"plain"'), 2);
  await until(() => /127\.0\.0\.1 spoke plain HTTP to a TLS port/.test(use.server.stderr), 'it is logged');
});

test('who speaks TLS to a plain port is told at once, counted and logged', async (context) => {
  const metrics_port = await free_port();
  const use = await own_server(context, with_metrics(metrics_port));
  const begin = Date.now();
  for (const port of [use.server.port, use.server.admin_port]) {
    const { error, protocol } = await shake_hands(port);
    assert.equal(protocol, undefined);
    assert.match(error, /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER/);
  }
  assert.ok(Date.now() - begin < 3000);
  assert.equal(await metric(metrics_port, 'troupe_turned_away_connections', '"tls"'), 1);
  await until(() => /127\.0\.0\.1 spoke TLS to a plain port/.test(use.server.stderr), 'it is logged');
});

test('who speaks neither TLS nor HTTP on the port of wss hears nothing, and harms nobody', async (context) => {
  const use = await tls_server(context);
  const bystander = await use.secure('a').synced();
  for (const bytes of ['hello', 'hello, who are you?', Buffer.alloc(70_000, 0x16)]) {
    const peer = await use.track(new tcp_peer(use.server.port)).open();
    peer.write(bytes);
    if (bytes === 'hello') peer.destroy();
    await peer.end(15000);
    assert.ok(!peer.answer().startsWith('HTTP'), peer.answer());
  }
  const { session } = await shake_hands(use.server.port, { keep: true });
  session.destroy();
  const other = await use.secure('a').synced();
  bystander.text.insert(0, 'unharmed');
  await converged([bystander, other]);
  assert.deepEqual(bystander.closes, []);
});

test('/healthz is answered over https', async (context) => {
  const use = await tls_server(context);
  const answer = await request(use.server, '/healthz', { ca: use.mine.ca });
  assert.deepEqual([answer.status, answer.body], [200, 'ok\n']);
});

test('a client that vanishes over TLS is noticed, and one that closes is closed', async (context) => {
  const use = await tls_server(context);
  const observer = await use.secure('a').synced();
  const victim = await use.secure('a').synced();
  victim.awareness.setLocalState({ name: 'victim' });
  await until(() => observer.awareness.getStates().has(victim.doc.clientID), 'it is seen');
  victim.vanish();
  await until(() => !observer.awareness.getStates().has(victim.doc.clientID), 'it is seen no more');
  const polite = await use.secure_raw('/a').open();
  polite.socket.close(1000);
  assert.equal((await polite.close_reason()).code, 1000);
});

test('SIGHUP serves a new certificate to new connections, and the old ones go on', async (context) => {
  const use = await tls_server(context);
  const second = make_certificate(use.folder, 'second');
  const old = await use.secure('a').synced();
  replace_certificate(use.mine, second);
  assert.equal((await shake_hands(use.server.port)).name, 'first', 'not before the signal');
  process.kill(use.server.pid, 'SIGHUP');
  await until(() => use.server.stdout.includes('troupe read its certificate again'), 'the server says so');
  assert.equal((await shake_hands(use.server.port)).name, 'second');
  const young = await use.secure('a', second.ca).synced();
  old.text.insert(0, 'both go on');
  await converged([old, young]);
  assert.equal(young.text.toString(), 'both go on');
  assert.deepEqual(old.closes, []);
});

const broken = {
  'that is empty': (mine) => writeFileSync(mine.certificate, ''),
  'whose key belongs to another': (mine, other) => writeFileSync(mine.key, other('key')),
  'that breaks off': (mine) => writeFileSync(mine.certificate, mine.ca.subarray(0, 200)),
};
for (const [what, break_it] of Object.entries(broken)) {
  test(`at SIGHUP a certificate ${what} does not replace the old one, and the server says so`, async (context) => {
    const use = await tls_server(context);
    const old = await use.secure('a').synced();
    const other = make_certificate(use.folder, 'other');
    break_it(use.mine, () => execFileSync('cat', [other.key]));
    process.kill(use.server.pid, 'SIGHUP');
    await until(() => use.server.stderr.includes('the certificate was not replaced'), 'the server says so');
    assert.match(use.server.stderr, /first\.(crt|key)/, 'which file it is');
    assert.equal((await shake_hands(use.server.port)).name, 'first');
    const young = await use.secure('a').synced();
    young.text.insert(0, 'as before');
    await converged([old, young]);
    replace_certificate(use.mine, other);
    process.kill(use.server.pid, 'SIGHUP');
    await until(() => use.server.stdout.includes('read its certificate again'), 'a good one is taken afterwards');
    assert.equal((await shake_hands(use.server.port)).name, 'other');
  });
}

test('SIGHUP is no end to a server without TLS', async (context) => {
  const use = await own_server(context);
  const client = await use.client('a').synced();
  process.kill(use.server.pid, 'SIGHUP');
  await pause(200);
  assert.equal((await request(use.server, '/healthz')).status, 200);
  assert.deepEqual(client.closes, []);
});

test('a server whose certificate or key is no good does not start, and says what is wrong', async (context) => {
  const folder = temporary_folder();
  const [good, other] = [make_certificate(folder, 'good'), make_certificate(folder, 'other')];
  const bad = path.join(folder, 'bad.pem');
  writeFileSync(bad, 'this is no PEM\n');
  const missing = path.join(folder, 'missing.pem');
  const mistakes = [
    [{ certificate: bad, key: good.key }, /the certificate '.*bad\.pem': ./],
    [{ certificate: missing, key: good.key }, /the certificate '.*missing\.pem': ./],
    [{ certificate: good.certificate, key: bad }, /the private key '.*bad\.pem': ./],
    [{ certificate: good.certificate, key: missing }, /the private key '.*missing\.pem': ./],
    [{ certificate: good.certificate, key: other.key }, /the private key '.*other\.key' does not belong to the certificate '.*good\.crt'|other\.key.*mismatch/],
  ];
  for (const [files, why] of mistakes) {
    const { code, stdout, stderr } = await refused_start(tls_settings(files));
    assert.equal(code, 1, stderr);
    assert.match(stderr, why);
    assert.doesNotMatch(stderr, /unknown error/);
    assert.doesNotMatch(stdout, /listening/);
  }
});

test('a certificate without a key, or a key without a certificate, is a mistake in the configuration', async (context) => {
  const good = make_certificate(temporary_folder(), 'good');
  for (const key of ['certificate', 'key']) {
    const { code, stderr } = await refused_start({ [`server.tls.${key}`]: good[key] });
    assert.notEqual(code, 0);
    assert.match(stderr, /server\.tls/);
  }
});

test('a server with TLS stops in order under load', async (context) => {
  const folder = temporary_folder();
  const mine = make_certificate(folder, 'first');
  const server = await start_server(tls_settings(mine));
  context.after(() => server.kill());
  const { yjs_client } = await import('./support/clients.mjs');
  const clients = Array.from({ length: 10 }, () => new yjs_client(server.url, 'a', { WebSocketPolyfill: socket_trusting(mine.ca) }));
  context.after(() => clients.forEach((client) => client.destroy()));
  await Promise.all(clients.map((client) => client.synced()));
  const random = random_source(1);
  const timer = setInterval(() => clients.forEach((client) => random_edit(client.doc, random)), 20);
  context.after(() => clearInterval(timer));
  await pause(200);
  await server.stop();
  await until(() => clients.every((client) => client.closes[0]?.code === 1001), 'every client was told', 5000, () => JSON.stringify(clients.map((client) => client.closes)));
});

test('without a certificate SIGHUP changes nothing, and says so', async (context) => {
  const use = await own_server(context);
  process.kill(use.server.pid, 'SIGHUP');
  await until(() => /SIGHUP changes nothing: there is no certificate .* and no file to open again/.test(use.server.stderr), 'it says so');
  await (await use.client('a')).synced();
  assert.doesNotMatch(use.server.stdout, /read its certificate/);
});
