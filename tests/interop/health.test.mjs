// What a load balancer learns of a node: that it lives, and whether it should get new clients.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { own_server, use_server } from './support/fixture.mjs';
import { ask_admin, request } from './support/http.mjs';
import { start_server } from './support/server.mjs';
import { pause, until } from './support/wait.mjs';

const use = use_server();

/** {public, admin}: what both ports answer. */
async function both(server, path) {
  return { public: await request(server, path), admin: await ask_admin(server, path, { token: null }) };
}

test('a node that serves is alive and ready on both ports, without a token', async () => {
  for (const [path, body] of [['/healthz', 'ok\n'], ['/readyz', 'ready\n']]) {
    for (const answer of Object.values(await both(use.server, path))) {
      assert.equal(answer.status, 200);
      assert.equal(answer.body, body);
    }
  }
});

test('a node that stops says so first, and serves on for server.drain_delay', async (context) => {
  const { server, client } = await own_server(context, { 'server.drain_delay': '3s' });
  const [writer, reader] = [await client('plan').synced(), await client('plan').synced()];
  const end = server.ended();
  process.kill(server.pid, 'SIGTERM');
  let answers;
  await until(async () => (answers = await both(server, '/readyz')).public.status === 503, 'it is not ready any more');
  for (const { status, body, headers } of Object.values(answers)) {
    assert.equal(status, 503);
    assert.equal(body, 'not ready: the node is stopping\n');
    assert.equal(headers['retry-after'], '1');
  }
  for (const { status } of Object.values(await both(server, '/healthz'))) assert.equal(status, 200);
  writer.text.insert(0, 'still here');
  await until(() => reader.text.toString() === 'still here', 'edits still arrive');
  const late = await client('plan').synced();
  assert.equal(late.text.toString(), 'still here');
  const { code } = await end;
  assert.equal(code, 0);
  await until(() => writer.closes.length > 0, 'clients were told');
  assert.equal(writer.closes[0].code, 1001);
});

test('a second signal ends the wait', async (context) => {
  const server = await start_server({ 'server.drain_delay': '1m' });
  context.after(() => server.kill());
  const end = server.ended(8_000);
  process.kill(server.pid, 'SIGTERM');
  await until(async () => (await request(server, '/readyz')).status === 503, 'it is not ready any more');
  await pause(100);
  process.kill(server.pid, 'SIGTERM');
  assert.equal((await end).code, 0);
});
