// Which web pages may connect, by the Origin header that browsers send: server.allowed_origins.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { own_server } from './support/fixture.mjs';
import { request, request_upgrade } from './support/http.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { start_server } from './support/server.mjs';
import { until } from './support/wait.mjs';

/** The HTTP status of an upgrade asked for by a page of `origin`; undefined: by no browser. */
async function status_of(use, origin) {
  return (await request_upgrade(use.server, '/a', origin === undefined ? {} : { Origin: origin })).status;
}

/** Fails unless exactly these may connect. */
async function only(use, allowed, refused) {
  for (const origin of allowed) assert.equal(await status_of(use, origin), 101, origin);
  for (const origin of refused) assert.equal(await status_of(use, origin), 403, origin);
}

const local = ['http://localhost', 'http://localhost:5173', 'https://localhost:8443', 'http://127.0.0.1:3000', 'http://127.9.8.7', 'http://[::1]:3000'];
const foreign = [
  'https://example.com', 'http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://example.com:80', 'null', 'localhost', 'http://',
  'http://10.0.0.1', 'http://user@localhost@example.com', 'file://',
];

test('without a list, pages of this machine and programs may connect, and others are told why not', async (context) => {
  const port = await free_port();
  const use = await own_server(context, with_metrics(port));
  await only(use, [undefined, ...local], foreign);
  const { body } = await request_upgrade(use.server, '/a', { Origin: 'https://example.com' });
  assert.match(body, /server\.allowed_origins/);
  assert.equal(await metric(port, 'troupe_turned_away', '"origin"'), foreign.length + 1);
});

test('the page of the host and port that its request is for may connect, over https or by IP address', async (context) => {
  const use = await own_server(context);
  const status = async (Origin, Host) => (await request_upgrade(use.server, '/a', { Origin, Host })).status;
  for (const [origin, host] of [
    ['https://app.example.com', 'app.example.com'], ['https://app.example.com:8443', 'app.example.com:8443'], ['https://app.example.com', 'app.example.com:443'],
    ['http://10.0.0.7:3001', '10.0.0.7:3001'],
  ]) assert.equal(await status(origin, host), 101, origin);
  for (const [origin, host] of [
    ['https://example.com', 'app.example.com'], ['https://app.example.com', 'app.example.com:8443'], ['null', 'app.example.com'],
    ['http://evil.example:3001', 'evil.example:3001'], // its name may have been made to point here
  ]) assert.equal(await status(origin, host), 403, origin);
});

test('a refused origin is in the log, once a minute', async (context) => {
  const use = await own_server(context);
  for (let i = 0; i < 3; ++i) assert.equal(await status_of(use, 'https://one.example'), 403);
  assert.equal(await status_of(use, 'https://two.example'), 403);
  await until(() => use.server.stderr.includes('https://two.example'), 'the log tells both', 5000, () => use.server.stderr);
  assert.equal(use.server.stderr.match(/pages of https:\/\/one\.example may not connect/g).length, 1);
  assert.match(use.server.stderr, /https:\/\/one\.example may not connect \(server\.allowed_origins\).* 127\.0\.0\.1/);
});

test('with a list, only pages that it names exactly may connect, and programs', async (context) => {
  const use = await own_server(context, { 'server.allowed_origins': 'https://app.example.com,http://localhost:5173' });
  await only(use, [undefined, 'https://app.example.com', 'http://localhost:5173'], [
    'http://app.example.com', 'https://app.example.com:8443', 'https://app.example.com.evil.com', 'https://example.com',
    'http://localhost', 'http://127.0.0.1:5173', 'null',
  ]);
});

test('"*" lets all pages in', async (context) => {
  const use = await own_server(context, { 'server.allowed_origins': '*' });
  await only(use, [undefined, ...local, ...foreign], []);
});

test('real clients with an Origin header work, or hear 403', async (context) => {
  const use = await own_server(context, { 'server.allowed_origins': 'https://app.example.com' });
  const mine = await use.json('/a', { origin: 'https://app.example.com' });
  await mine.join();
  const theirs = use.raw('/a', { origin: 'https://evil.example' });
  const status = await new Promise((resolve) => theirs.socket.once('unexpected-response', (_, response) => resolve(response.statusCode)));
  assert.equal(status, 403);
});

test('a page of somebody else may not read plain HTTP either, and monitoring may', async (context) => {
  const use = await own_server(context);
  assert.equal((await request(use.server, '/healthz')).status, 200);
  assert.equal((await request(use.server, '/healthz', { headers: { Origin: 'https://evil.example' } })).status, 403);
  const answer = await request(use.server, '/healthz', { headers: { Origin: 'http://localhost:5173' } });
  assert.equal(answer.status, 200);
});

test('a server on all interfaces without a list warns at the start; one with a list, or on loopback, does not', async () => {
  const stderr_of = async (settings) => {
    const server = await start_server(settings);
    await server.stop();
    return server.stderr;
  };
  assert.match(await stderr_of({ 'server.address': '0.0.0.0' }), /warning: listening on 0\.0\.0\.0 without server\.allowed_origins/);
  assert.match(await stderr_of({ 'server.address': '::' }), /warning: listening on :: without server\.allowed_origins/);
  assert.doesNotMatch(await stderr_of({ 'server.address': '0.0.0.0', 'server.allowed_origins': '*' }), /warning/);
  assert.doesNotMatch(await stderr_of({}), /warning/);
  assert.match(await stderr_of({ 'server.address': '0.0.0.0' }), /WARNING: listening on 0\.0\.0\.0 with access\.mode open: .* EVERY/);
  assert.doesNotMatch(await stderr_of({}), /WARNING/);
  assert.match(await stderr_of({ 'admin.address': '0.0.0.0' }), /warning: the admin pages listen on 0\.0\.0\.0/);
});
