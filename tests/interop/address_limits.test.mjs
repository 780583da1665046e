// limits.max_connections_per_address, limits.accepts_per_second and limits.accept_burst. Loopback is exempt from them, so the
// tests run in a network namespace of their own, where the loopback device has other addresses as well. A system that
// gives users no namespaces skips them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { raw_socket } from './support/clients.mjs';
import { own_server } from './support/fixture.mjs';
import { sync_step1 } from './support/frames.mjs';
import { closed, free_port, metric, with_metrics } from './support/metrics.mjs';
import { tcp_peer } from './support/tcp_peer.mjs';
import { until } from './support/wait.mjs';

const addresses = ['10.77.0.1', '10.77.0.2'];
const is_inside = process.env.TROUPE_IN_NAMESPACE === '1';

/** Runs a command in a namespace that has `addresses`. */
function in_namespace(...command) {
  const setup = ['ip link set lo up', ...addresses.map((one) => `ip addr add ${one}/32 dev lo`), 'exec "$@"'].join(' && ');
  const { NODE_TEST_CONTEXT, ...env } = process.env; // the tests inside are a run of their own
  return spawnSync('unshare', ['-rn', 'sh', '-c', setup, 'sh', ...command], {
    encoding: 'utf8', timeout: 60_000, env: { ...env, TROUPE_IN_NAMESPACE: '1' },
  });
}

if (!is_inside) {
  const can = in_namespace('true').status === 0;
  test('the limits on one address, in a network namespace', { skip: !can && 'unshare -rn and ip are needed' }, () => {
    const { status, stdout, stderr } = in_namespace(process.execPath, fileURLToPath(import.meta.url));
    assert.equal(status, 0, stdout + stderr);
  });
} else {
  const listening = { 'server.address': '0.0.0.0' };
  const from = (address) => ({ localAddress: address });

  /** A raw socket to an address of the namespace, from another. */
  const connect = (use, address) =>
    use.track(new raw_socket(`ws://${addresses[0]}:${use.server.port}`, '/a', from(address)));

  /** The HTTP status that an upgrade from `address` is answered with. */
  const status_of = (use, address) => {
    const one = connect(use, address);
    return new Promise((resolve) => {
      one.socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
      one.socket.once('open', () => resolve(101));
    });
  };

  test('one address has as many connections as it may, another one its own', async (context) => {
    const port = await free_port();
    const use = await own_server(context, { ...listening, 'limits.max_connections_per_address': 3, ...with_metrics(port) });
    const first = await connect(use, addresses[0]).open();
    for (let i = 0; i < 2; ++i) await connect(use, addresses[0]).open();
    for (let i = 0; i < 4; ++i) assert.equal(await status_of(use, addresses[0]), 429);
    assert.equal(await status_of(use, addresses[1]), 101);
    assert.equal(await metric(port, 'troupe_turned_away', '"too_many"'), 4);
    first.send(sync_step1());
    await first.frame(() => true, 'who is inside is served');
    first.destroy();
    await until(async () => (await status_of(use, addresses[0])) === 101, 'its place is free');
  });

  test('a connection counts before it has asked for anything', async (context) => {
    const use = await own_server(context, { ...listening, 'limits.max_connections_per_address': 2 });
    const silent = [1, 2].map(() => use.track(new tcp_peer(use.server.port, addresses[0])));
    for (const peer of silent) await peer.open();
    assert.equal(await status_of(use, addresses[0]), 429);
    silent[0].destroy();
    await until(async () => (await status_of(use, addresses[0])) === 101, 'its place is free');
  });

  test('an address that opens connections too fast is told to wait, and may come again', async (context) => {
    const port = await free_port();
    const use = await own_server(context, { ...listening, 'limits.accepts_per_second': 5, 'limits.accept_burst': 10, ...with_metrics(port) });
    const answers = await Promise.all(Array.from({ length: 30 }, () => status_of(use, addresses[0])));
    const let_in = answers.filter((status) => status === 101).length;
    assert.ok(let_in >= 10 && let_in <= 14, `${let_in} of 30 are let in`);
    assert.equal(answers.filter((status) => status === 429).length, 30 - let_in);
    assert.equal(await metric(port, 'troupe_turned_away', '"too_fast"'), 30 - let_in);
    assert.equal(await status_of(use, addresses[1]), 101, 'another address does not wait');
    await until(async () => (await status_of(use, addresses[0])) === 101, 'a place in time is free', 3000);
    assert.equal(await closed(port, 'server_at_capacity'), 0);
  });

  test('loopback is not limited', async (context) => {
    const use = await own_server(context, { ...listening, 'limits.max_connections_per_address': 1, 'limits.accepts_per_second': 1, 'limits.accept_burst': 1 });
    for (let i = 0; i < 20; ++i) {
      await use.track(new raw_socket(`ws://127.0.0.1:${use.server.port}`, '/a')).open();
    }
  });
}
