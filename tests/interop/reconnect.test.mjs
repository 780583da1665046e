// A client that comes back and the others are shown to each other at once, though each shows itself under the clock
// that the other one knows.
import { test } from 'node:test';

import { own_server, use_server } from './support/fixture.mjs';
import { free_port } from './support/metrics.mjs';
import { until } from './support/wait.mjs';

const use = use_server();
const shown_to = (watcher, client) => watcher.awareness.getStates().get(client.doc.clientID)?.user?.name;

/** Two clients of a document, the second of which shows its name to the first. */
async function pair(of, document) {
  const [watcher, client] = [await of.client(document).synced(), await of.client(document).synced()];
  watcher.awareness.setLocalStateField('user', { name: 'watcher' });
  client.awareness.setLocalStateField('user', { name: 'client' });
  await until(() => shown_to(watcher, client) === 'client' && shown_to(client, watcher) === 'watcher', 'both are shown');
  return [watcher, client];
}

test('a client that disconnects and connects again is seen at once', async () => {
  const [watcher, client] = await pair(use, use.document());
  for (let round = 0; round < 3; ++round) {
    client.disconnect();
    await until(() => shown_to(watcher, client) === undefined, 'it is gone');
    client.connect();
    await client.synced();
    await until(() => shown_to(watcher, client) === 'client', 'it is back', 1000);
    await until(() => shown_to(client, watcher) === 'watcher', 'it sees who stayed', 1000);
  }
  // And hears of every change, as the others do.
  for (const one of [watcher, client])
    for (const name of ['a', 'b', 'c']) {
      one.awareness.setLocalStateField('user', { name });
      await until(() => [watcher, client].every((each) => shown_to(each, one) === name), `all see ${name}`, 1000);
    }
});

test('a client whose connection is cut is seen at once when it is back', async () => {
  const [watcher, client] = await pair(use, use.document());
  client.provider.ws.terminate();
  await until(() => shown_to(watcher, client) === undefined, 'it is gone');
  await until(() => shown_to(watcher, client) === 'client', 'it is back', 2000);
  await until(() => shown_to(client, watcher) === 'watcher', 'it sees who stayed', 2000);
});

test('after a restart of the server all see each other at once', async (context) => {
  const where = { 'server.port': await free_port() };
  const first = await own_server(context, where);
  const clients = await pair(first, 'a');
  await first.server.stop();
  await until(() => clients.every((one) => !one.provider.wsconnected), 'both are offline');
  await own_server(context, where);
  await until(() => clients.every((one) => one.provider.synced), 'both are back', 5000);
  const [watcher, client] = clients;
  await until(() => shown_to(watcher, client) === 'client' && shown_to(client, watcher) === 'watcher', 'both are seen', 2000);
});
