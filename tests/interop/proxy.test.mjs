// Behind a proxy on this machine clients count by the addresses that it tells in X-Forwarded-For, wherever an address
// counts: for connections, open documents, and updates that wait for missing ones. The tests are the proxy.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as Y from 'yjs';

import { raw_socket } from './support/clients.mjs';
import { own_server } from './support/fixture.mjs';
import { sync_step1, update_frame } from './support/frames.mjs';
import { free_port, metric, with_metrics } from './support/metrics.mjs';
import { until } from './support/wait.mjs';

const here = '203.0.113.5';
const there = '2001:db8::7';

/** A socket of a client at an address; undefined: the proxy tells none. */
const connect = (use, path, address) =>
  use.track(new raw_socket(use.server.url, path, address === undefined ? {} : { headers: { 'X-Forwarded-For': `made up, ${address}` } }));

/** The HTTP status that its upgrade is answered with. */
const status_of = (use, address) => {
  const one = connect(use, '/a', address);
  return new Promise((resolve) => {
    one.socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
    one.socket.once('open', () => resolve(101));
  });
};

test('one address has as many connections as it may, another one its own', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { 'limits.max_connections_per_address': 2, ...with_metrics(port) });
  const first = await connect(use, '/a', here).open();
  await connect(use, '/a', here).open();
  assert.equal(await status_of(use, here), 429);
  assert.equal(await metric(port, 'troupe_turned_away', '"too_many"'), 1);
  for (const other of [there, undefined, undefined, undefined]) assert.equal(await status_of(use, other), 101);
  first.destroy();
  await until(async () => (await status_of(use, here)) === 101, 'its place is free');
});

test('one address holds as many documents open as it may', async (context) => {
  const use = await own_server(context, { 'limits.max_documents_per_address': 2 });
  const join = async (path, address) => {
    const one = await connect(use, path, address).open();
    one.send(sync_step1());
    await until(() => one.frames.length > 0 || one.closed_with !== undefined, `${path} is answered`);
    return one.closed_with?.code;
  };
  for (const path of ['/a', '/b']) assert.equal(await join(path, here), undefined);
  assert.equal(await join('/c', here), 1013);
  for (const path of ['/c', '/d']) assert.equal(await join(path, there), undefined);
  for (const path of ['/c', '/d', '/e']) assert.equal(await join(path, undefined), undefined);
});

test('one address leaves as much waiting as it may, in all documents together', async (context) => {
  const use = await own_server(context, { 'limits.max_pending_per_address': '10KiB' });
  const doc = new Y.Doc();
  const updates = [];
  doc.on('update', (update) => updates.push(update));
  for (let i = 0; i < 2; ++i) doc.getText('text').insert(0, 'x'.repeat(6000));
  /** Sends the second update without the first; the code of the close, if there was one. */
  const leave_waiting = async (path, address) => {
    const one = await connect(use, path, address).open();
    one.send(update_frame(updates[1]));
    one.send(sync_step1());
    await until(() => one.closed_with !== undefined || one.frames.some((frame) => frame[1] === 1), `${path} is answered`);
    return one.closed_with?.code;
  };
  assert.equal(await leave_waiting('/a', here), undefined);
  assert.equal(await leave_waiting('/b', here), 1013);
  assert.equal(await leave_waiting('/b', there), undefined);
  for (const path of ['/c', '/d', '/e']) assert.equal(await leave_waiting(path, undefined), undefined);
  doc.destroy();
});
