// The files of the dashboard and the demo over HTTP: what is served, to whom, and with which header.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { own_server, use_server } from './support/fixture.mjs';
import { request, request_upgrade } from './support/http.mjs';

const use = use_server();
const dist = new URL('../../web/pages/dist/', import.meta.url);

/** The pages: on which port, under which path, with which files. */
const pages = () => [
  { port: use.server.admin_port, path: '/', name: 'dashboard' },
  { port: use.server.port, path: '/demo', name: 'demo' },
];

test('each file of the pages is served as it was built, and again only if it has changed', async () => {
  for (const { port, path, name } of pages()) {
    const html = await request(use.server, path, { port });
    assert.equal(html.status, 200);
    assert.equal(html.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(html.headers['cache-control'], 'no-cache');
    assert.equal(html.body, readFileSync(new URL(`${name}.html`, dist), 'utf8'));
    const files = readdirSync(new URL(`${name}/`, dist));
    assert.ok(files.length >= 3, files.join());
    for (const file of files) {
      assert.ok(html.body.includes(`"./${name}/${file}"`), `${path} loads ${file}`);
      const answer = await request(use.server, `/${name}/${file}`, { port, headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.match(answer.headers['cache-control'], /immutable/);
      assert.ok(gunzipSync(answer.bytes).equals(readFileSync(new URL(`${name}/${file}`, dist))), file);
      const again = await request(use.server, `/${name}/${file}`, { port, headers: { 'If-None-Match': answer.headers.etag } });
      assert.deepEqual([again.status, again.body], [304, '']);
      const none = await request(use.server, `/${name}/${file}`, { port, headers: { 'Accept-Encoding': 'identity' } });
      assert.equal(none.status, 406);
      const head = await request(use.server, `/${name}/${file}`, { port, method: 'HEAD' });
      assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', String(answer.bytes.length)]);
    }
  }
});

test('the pages tell a browser to load from here only, and nobody to frame them', async () => {
  for (const { port, path } of pages()) {
    const { headers } = await request(use.server, path, { port });
    const policy = headers['content-security-policy'];
    assert.match(policy, /^default-src 'none'; /);
    for (const part of ["script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) assert.ok(policy.includes(part), part);
    assert.doesNotMatch(policy, /unsafe|http|\*/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  }
});

test('a page of elsewhere cannot have the dashboard, and nothing but its files comes without the token', async () => {
  const ask = async (path, headers = {}, method = 'GET') => (await request(use.server, path, { port: use.server.admin_port, headers, method })).status;
  assert.equal(await ask('/', { Host: 'evil.example' }), 421);
  assert.equal(await ask('/', { 'Sec-Fetch-Site': 'cross-site' }), 403);
  assert.equal(await ask('/dashboard/none.js'), 404);
  for (const path of ['/api/v1/metrics', '/dashboard', '/dashboard/../api/v1/sessions', '/demo', '/index.html']) assert.equal(await ask(path), 401, path);
  assert.equal(await ask('/', {}, 'POST'), 401);
});

test('the paths of the demo are still names of documents', async () => {
  assert.equal((await request_upgrade(use.server, '/demo')).status, 101);
  for (const path of ['/demo/', '/demo/none.js', '/demo/../demo', '/Demo', '/demox']) assert.equal((await request(use.server, path)).status, 426, path);
});

test('the demo is for browsers on this machine, or for all, or for nobody', async (context) => {
  const elsewhere = { headers: { 'X-Forwarded-For': '203.0.113.7' } };
  assert.equal((await request(use.server, '/demo', elsewhere)).status, 426);
  assert.match(use.server.stdout, new RegExp(`^troupe shows a demo on http://127\\.0\\.0\\.1:${use.server.port}/demo, to browsers on this machine$`, 'm'));
  const remote = await own_server(context, { 'demo.remote': true });
  assert.equal((await request(remote.server, '/demo', elsewhere)).status, 200);
  const off = await own_server(context, { 'demo.enabled': false, 'demo.remote': true });
  assert.equal((await request(off.server, '/demo')).status, 426);
  assert.doesNotMatch(off.server.stdout, /demo/);
});

test('the server says where the dashboard is', () => {
  assert.match(use.server.stdout, new RegExp(`^troupe shows its dashboard on http://127\\.0\\.0\\.1:${use.server.admin_port}/, to whoever has the admin token$`, 'm'));
});
