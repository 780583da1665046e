// SIGTERM ends the server in order: every client hears 1001, and the process is gone soon after.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { raw_socket, yjs_client } from './support/clients.mjs';
import { random_edit, random_source } from './support/documents.mjs';
import { start_server } from './support/server.mjs';
import { pause, until } from './support/wait.mjs';

/** Starts a server and `count` clients that edit without pause; stop_editing() ends that. */
async function busy_server(context, count) {
  const server = await start_server();
  context.after(() => server.kill());
  const clients = Array.from({ length: count }, (_, i) => new yjs_client(server.url, `busy-${i % 4}`));
  context.after(() => clients.forEach((client) => client.destroy()));
  await Promise.all(clients.map((client) => client.synced()));
  const random = random_source(count);
  const timer = setInterval(() => clients.forEach((client) => random_edit(client.doc, random)), 20);
  context.after(() => clearInterval(timer));
  return { server, clients };
}

test('SIGTERM under load closes 20 clients with 1001 and ends with exit code 0 within 5 s', async (context) => {
  const { server, clients } = await busy_server(context, 20);
  await pause(500);
  const { code, signal, milliseconds } = await server.terminate(5000);
  assert.equal(code, 0, `signal ${signal}\n${server.stderr.slice(-2000)}`);
  assert.ok(milliseconds < 5000);
  await until(() => clients.every((client) => client.closes.length > 0), 'every client was told');
  for (const client of clients) assert.equal(client.closes[0].code, 1001);
  await server.stop();
});

test('SIGTERM with a client that never answers the close still ends within 5 s', async (context) => {
  const server = await start_server();
  context.after(() => server.kill());
  const mute = await new raw_socket(server.url, '/mute').open();
  context.after(() => mute.destroy());
  mute.socket.pause(); // reads nothing any more, so it never sees the close frame
  const { code } = await server.terminate(5000);
  assert.equal(code, 0);
  await server.stop();
});

test('SIGTERM with nobody connected ends at once', async (context) => {
  const server = await start_server();
  context.after(() => server.kill());
  const { code, milliseconds } = await server.terminate(5000);
  assert.equal(code, 0);
  assert.ok(milliseconds < 2000, `${milliseconds} ms`);
  await server.stop();
});

test('clients of a stopped server reconnect to its successor by themselves', async (context) => {
  const { server, clients } = await busy_server(context, 4);
  await server.stop();
  const successor = await start_server({ 'server.port': server.port });
  context.after(() => successor.stop());
  await Promise.all(clients.map((client) => client.synced(10000)));
});

test('SIGTERM while a worker applies a large update ends with exit code 0, in time', async (context) => {
  const server = await start_server();
  context.after(() => server.kill());
  const client = new yjs_client(server.url, 'large');
  context.after(() => client.destroy());
  await client.synced();
  client.doc.getText('text').insert(0, 'x'.repeat(900 * 1024));
  const { code, milliseconds } = await server.terminate(5000);
  assert.equal(code, 0);
  assert.ok(milliseconds < 4000, `${milliseconds} ms`);
  await server.stop();
});
