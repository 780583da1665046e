// A program in C++ that joins as a CAF peer (examples/backend), and y-websocket clients, in one document.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { browser_command, use_browser } from './support/browser.mjs';
import { has_cluster, lasting_port, own_cluster } from './support/cluster.mjs';
import { own_server } from './support/fixture.mjs';
import { ask_admin } from './support/http.mjs';
import { admin_token, binary_path, refused_start } from './support/server.mjs';
import { cluster_tls_section, make_cluster_certificates } from './support/tls.mjs';
import { docs, serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until, within } from './support/wait.mjs';

const program = process.env.TROUPE_BACKEND || path.join(path.dirname(binary_path()), 'examples/backend/troupe_backend');
const skip = existsSync(program) ? false : `there is no ${program}`;
const backend_test = (name, run) => test(name, { skip }, run);

const gateway_line = /^troupe lets programs join at \S+:(\d+)\n/m;
const gateway = { 'gateway.enabled': 'true', 'gateway.port': 0 };
const port_of = (server) => until(() => gateway_line.exec(server.stdout)?.[1], 'the gateway is open');

/** Starts the program; {said(), ended} with what it prints, and its code in the end. */
async function join(server, as, ...args) {
  const child = spawn(program, ['--port', await port_of(server), ...args], { env: { ...process.env, TROUPE_TOKEN: as }, stdio: ['ignore', 'pipe', 'pipe'] });
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (heard.err += text));
  const code = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { said: () => heard.out, child, ended: async () => ({ code: await within(code, 'an end of the program', 30_000), ...heard }) };
}

backend_test('a program and a client edit one document, and both see each other', async (context) => {
  const use = await own_server(context, gateway);
  const client = await use.client('plan').synced();
  client.text.insert(0, 'first ');
  const backend = await join(use.server, admin_token, '--document', 'plan', '--append', 'from C++ ', '--until', 'from the client');
  await until(() => client.text.toString().includes('from C++'), 'the client sees the edit of the program');
  await until(() => backend.said().includes('stored as version'), 'the edit is stored');
  assert.match(backend.said(), /contents: \{.*\}/);
  client.text.insert(client.text.length, 'from the client');
  const { code, out, err } = await backend.ended();
  assert.equal(code, 0, err);
  assert.match(out, /^change \d+: \d+ updates$/m);
  assert.match(out, /text: first from C\+\+ from the client\n$/);
});

const without_browser = !browser_command && 'chromium is needed, or a browser that TROUPE_BROWSER names';

test('a browser shows what a program edits, and the program sees what somebody types there', { skip: skip || without_browser }, async (context) => {
  const use = await own_server(context, gateway);
  const { open } = await use_browser(context, use.server.url, 'plan');
  const page = await open();
  await page.synced();
  const backend = await join(use.server, admin_token, '--document', 'plan', '--append', 'from C++ ', '--until', 'from a browser');
  await until(async () => (await page.run('area.value')) === 'from C++ ', 'the page shows the edit of the program', 20000);
  await page.type('from a browser');
  const { code, out, err } = await backend.ended();
  assert.equal(code, 0, err);
  assert.match(out, /text: from C\+\+ from a browser\n$/);
  assert.equal(await page.run('area.value'), 'from C++ from a browser');
});

backend_test('a program has the rights of its token', async (context) => {
  const server = await serve_with_tokens(context, gateway);
  const edit = ['--document', 'plan', '--append', 'x'];
  const writer = await (await join(server, token({ sub: 'ada', ...docs('write') }), ...edit)).ended();
  assert.equal(writer.code, 0, writer.err);
  const reader = await (await join(server, token({ sub: 'eve', ...docs('read') }), ...edit)).ended();
  assert.equal(reader.code, 1);
  assert.match(reader.err, /forbidden/);
  const stranger = await (await join(server, 'no token at all', ...edit)).ended();
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /wrong_token/);
  const operator = await (await join(server, admin_token, '--document', 'secret', '--append', 'x')).ended();
  assert.equal(operator.code, 0, operator.err);
});

backend_test('closing sessions reaches programs at once', async (context) => {
  const server = await serve_with_tokens(context, gateway);
  const as = token({ sub: 'ada', ...docs('write') });
  const observe = ['--document', 'plan', '--append', 'x', '--until', 'never', '--seconds', '60'];
  const close = async (body) => {
    const answer = await ask_admin(server, '/api/v1/sessions/close', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, answer.body);
    return answer.json.sessions;
  };
  for (const subject of [{ user: 'ada' }, { document: 'plan' }, { user: 'ada', seconds: 60 }]) {
    const backend = await join(server, as, ...observe);
    await until(() => backend.said().includes('text: x'), 'the program observes');
    const { sessions } = (await ask_admin(server, '/api/v1/sessions')).json;
    assert.deepEqual(sessions.map(({ userId, documents, address }) => ({ userId, documents, address })), [{ userId: 'ada', documents: ['plan'], address: '127.0.0.1' }]);
    assert.equal(await close({ user: 'bob' }), 0);
    assert.equal(await close(subject), 1);
    assert.equal((await backend.ended()).code, 1);
  }
  const late = await (await join(server, as, ...observe)).ended();
  assert.match(late.err, /forbidden/);
});

backend_test('a node stops while programs observe its documents', async (context) => {
  const use = await own_server(context, gateway);
  const backend = await join(use.server, admin_token, '--document', 'plan', '--append', 'x', '--until', 'never', '--seconds', '60');
  await until(() => backend.said().includes('text: x'), 'the program observes');
  const { milliseconds } = await use.server.terminate();
  assert.ok(milliseconds < 4000, `${milliseconds} ms`);
  const { code } = await backend.ended();
  assert.equal(code, 1);
});

test('with cluster.tls a program shows a certificate of the cluster', { skip: skip || (has_cluster() ? false : 'this build has no clusters') }, async (context) => {
  const certificates = make_cluster_certificates(['node-a']);
  const use = await own_cluster(context, {
    nodes: 1, is_clustered: true, settings: gateway, replication: { keepers: 1, write_acks: 1 }, heartbeat: { timeout: '3s' },
    cluster_settings: { tls: cluster_tls_section(certificates('ours', 'node-a')) },
  });
  const shows = (authority) => Object.entries(certificates(authority, 'node-a')).flatMap(([name, file]) => [`--${name}`, file]);
  const [{ server }] = use.nodes;
  const edit = async (...shown) => (await join(server, admin_token, '--document', 'plan', '--append', 'over TLS', ...shown)).ended();
  const known = await edit(...shows('ours'));
  assert.equal(known.code, 0, known.err);
  assert.match(known.out, /^stored as version /m);
  for (const stranger of [await edit(), await edit(...shows('other'))]) {
    assert.equal(stranger.code, 1);
    assert.match(stranger.err, /^backend: /);
  }
  const missing = await edit(...shows('ours'), '--key', '/nowhere.key');
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^backend: .*cannot_open_file.*\/nowhere\.key/);
  const mixed = await edit(...shows('ours'), '--key', certificates('other', 'node-a').key);
  assert.match(mixed.err, /the certificate, its key or the authority cannot be used/);
  // One that has nothing to say for longer than a peer may be silent stays.
  const observer = await join(server, admin_token, '--document', 'plan', '--until', 'at last', ...shows('ours'));
  await until(() => observer.said().includes('text: over TLS'), 'the program observes');
  await pause(5000);
  const client = await use.client(use.nodes[0], 'plan').synced();
  client.text.insert(0, 'at last ');
  const { code, err } = await observer.ended();
  assert.equal(code, 0, err);
});

test('a port that is taken, or that others could reach, is refused', async (context) => {
  const port = await lasting_port();
  await own_server(context, { ...gateway, 'gateway.port': port });
  const second = await refused_start({ ...gateway, 'gateway.port': port });
  assert.equal(second.code, 1);
  assert.match(second.stderr, /gateway\.address, gateway\.port: cannot listen on 127\.0\.0\.1/);
  const open = await refused_start({ ...gateway, 'gateway.address': '0.0.0.0' });
  assert.equal(open.code, 2);
  assert.match(open.stderr, /gateway\.address: "0\.0\.0\.0" can be reached from other machines, which needs cluster\.tls/);
});
