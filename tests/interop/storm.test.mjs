// Clients that come back at once after each close, for ever: twenty of each version of y-websocket at a document that
// refuses them, or at a server that is full, make few connections, and nobody else waits for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { own_server } from './support/fixture.mjs';
import { request_upgrade } from './support/http.mjs';
import { closed, free_port, metric, with_metrics } from './support/metrics.mjs';
import { crowd, versions } from './support/storm.mjs';
import { until } from './support/wait.mjs';

const skip = process.env.TROUPE_LONG !== '1' && 'TROUPE_LONG=1 runs it';
const most_per_second = 5;

const small_names = { 'limits.max_name_size': '1KiB' };
const long_name = { ['k'.repeat(2000)]: 1 };
const small_messages = { 'limits.max_message_size': 4096, 'limits.max_update_size': 4096, 'limits.max_sync_size': 4096 };
const long_text = { text: 'x'.repeat(10_000) };

/** Twenty clients that are sent away by `code`, for some seconds; whoever has good contents is served meanwhile. */
async function storm(context, version, { settings, contents, code, label, seconds }) {
  const port = await free_port();
  const use = await own_server(context, { ...settings, ...with_metrics(port) });
  const all = use.track(await crowd(use.server.url, 'bad', { version, contents }));
  await until(() => all.closes.length >= 20, 'all have been closed');
  assert.equal(await closed(port, label) >= 20, true, label);
  await all.until(3);
  const begin = performance.now();
  await use.client('good').synced();
  assert.ok(performance.now() - begin < 1000, 'another document does not wait');
  await all.until(3 + seconds);
  const rate = all.rate(3, 3 + seconds);
  context.diagnostic(`${version}: ${rate} connections a second, ${all.attempts.length} in all; codes ${[...new Set(all.closes)]}`);
  assert.ok(rate <= most_per_second, `${rate} connections a second`);
  assert.ok(all.closes.includes(code));
  const lines = use.server.stderr.split('\n').filter((line) => line.includes("'bad' was closed") || line.includes("'bad' is closed"));
  assert.ok(lines.length >= 1 && lines.length <= 3, `few lines in the log: ${lines.join('\n')}`);
  return { use, all, port };
}

const refused = { settings: small_names, contents: long_name, code: 4431, label: 'name_too_long' };
for (const version of ['y-websocket 1.5.4', '@y/websocket 4.0.0-3'])
  test(`twenty clients of ${version} that are refused for good make few connections`, async (context) => {
    const { port } = await storm(context, version, { ...refused, seconds: 6 });
    assert.ok((await metric(port, 'troupe_held_back_connections')) > 0);
  });

for (const version of versions) {
  const long = { seconds: 20 };
  test(`long: ${version} and contents that are refused`, { skip }, (context) => storm(context, version, { ...refused, ...long }));
  test(`long: ${version} and a document that is too large`, { skip }, (context) =>
    storm(context, version, { settings: small_messages, contents: long_text, code: 4413, label: 'message_too_large', ...long }));
}

/** A server with room for one, who is there. */
async function full_server(context) {
  const port = await free_port();
  const use = await own_server(context, { 'limits.max_connections': 1, ...with_metrics(port) });
  return { use, port, occupant: await use.client('good').synced() };
}

test('who comes back to a full server is told before the upgrade, and gets in once there is room', async (context) => {
  const { use, port, occupant } = await full_server(context);
  const first = use.raw('/a');
  assert.deepEqual(await first.close_reason(), { code: 4003, reason: 'Server at capacity' });
  const again = await request_upgrade(use.server, '/a');
  assert.equal(again.status, 503);
  assert.equal(again.headers['retry-after'], '1');
  assert.match(again.body, /server_at_capacity/);
  assert.equal((await use.raw('/b').close_reason()).code, 4003, 'one at another document hears it as ever');
  assert.equal(await metric(port, 'troupe_turned_away_connections', '"closed_before"'), 1);
  const client = use.client('a');
  await until(() => client.closes.length > 0, 'a client is sent away');
  occupant.destroy();
  await client.synced(10_000);
});

for (const version of versions)
  test(`long: ${version} at a full server`, { skip }, async (context) => {
    const { use, port, occupant } = await full_server(context);
    const all = use.track(await crowd(use.server.url, 'a', { version }));
    await all.until(15);
    const rate = all.rate(3, 15);
    context.diagnostic(`${version}: ${rate} connections a second, ${all.attempts.length} in all`);
    assert.ok(rate <= most_per_second, `${rate} connections a second`);
    assert.ok((await metric(port, 'troupe_turned_away_connections', '"closed_before"')) > 10);
    occupant.destroy();
    await until(() => all.synced() === 1, 'one gets in', 15_000);
  });

test('a client with good contents gets in beside those that are refused', async (context) => {
  const use = await own_server(context, small_names);
  const all = use.track(await crowd(use.server.url, 'bad', { version: 'y-websocket 2.1.0', contents: long_name }));
  await all.until(2);
  await use.client('bad').synced(20_000);
});
