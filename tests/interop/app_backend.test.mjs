// An application around troupe: its backend mints tokens with jose, its pages use y-websocket, it takes rights away while
// people type, and hears of changes by webhooks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

import { start_app_backend } from './support/app_backend.mjs';
import { start_server } from './support/server.mjs';
import { until, within } from './support/wait.mjs';
import { webhook_secret } from './support/webhook_receiver.mjs';

test('tokens, rights and webhooks of an application with a backend of its own', async (context) => {
  let server;
  const app = await start_app_backend({
    admin: () => `http://127.0.0.1:${server.admin_port}`,
    admin_token: () => server.admin_token,
    webhook_secret,
  });
  context.after(() => app.close());
  server = await start_server({
    'access.mode': 'token',
    'access.jwks_url': `${app.url}/keys`,
    'access.audience': 'troupe',
    'webhooks.url': `${app.url}/troupe`,
    'webhooks.secret': webhook_secret,
    'webhooks.allow_private_addresses': true,
    'webhooks.debounce': '50ms',
    'webhooks.max_delay': '200ms',
  });
  context.after(() => server.stop());
  const ask = (user, path, body) => fetch(`${app.url}${path}`, { method: 'POST', headers: user ? { Cookie: `user=${user}` } : {}, body: JSON.stringify(body) });

  /** What the page of a user does. */
  const page = async (user) => {
    const { token } = await (await ask(user, '/token')).json();
    const doc = new Y.Doc();
    const denied = [];
    const provider = new WebsocketProvider(server.url, 'plan', doc, { WebSocketPolyfill: WebSocket, disableBc: true, params: { token } });
    provider.messageHandlers = [...provider.messageHandlers];
    provider.messageHandlers[2] = () => denied.push(true);
    context.after(() => {
      provider.destroy();
      doc.destroy();
    });
    await within(new Promise((done) => provider.once('sync', done)), `the first sync of ${user}`, 5000);
    return { provider, text: doc.getText('text'), denied };
  };
  assert.equal((await ask(undefined, '/token')).status, 401);
  const ada = await page('ada');
  const bob = await page('bob');
  ada.text.insert(0, 'hello');
  await until(() => bob.text.toString() === 'hello', 'who may read reads');
  bob.text.insert(0, 'no');
  await until(() => bob.denied.length > 0, 'and may not write');
  const told = await until(() => app.heard.find(({ event, document }) => event === 'document.changed' && document === 'plan'), 'the backend hears of the change');
  assert.deepEqual(told.authors, ['ada']);

  assert.equal((await ask('bob', '/share', { document: 'plan', with: 'bob', rights: 'write' })).status, 403);
  assert.equal((await ask('ada', '/share', { document: 'plan', with: 'bob', rights: 'write' })).status, 200);
  const again = await page('bob');
  await until(() => again.text.toString() === 'hello', 'bob is back');
  again.text.insert(5, ' bob');
  await until(() => ada.text.toString() === 'hello bob', 'who was given the right writes');
  assert.equal((await ask('ada', '/share', { document: 'plan', with: 'bob', rights: null })).status, 200);
  await until(() => again.provider.wsconnected === false, 'who lost all rights is closed');
  const { token } = await (await ask('bob', '/token')).json();
  const socket = new WebSocket(`${server.url}/plan?token=${token}`);
  assert.equal(await new Promise((done) => socket.once('close', done)), 4403);
});
