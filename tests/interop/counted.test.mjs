// What the exporter tells: closed connections are counted by reason.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';

import { raw_socket } from './support/clients.mjs';
import { hex, update_frame } from './support/frames.mjs';
import { start_server } from './support/server.mjs';
import { until } from './support/wait.mjs';

/** A port that was free a moment ago; the exporter does not tell which one it took. */
async function free_port() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const read_metrics = (port) =>
  new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/metrics' }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });

/** How many connections were closed for `reason`. */
async function closed(port, reason) {
  const line = (await read_metrics(port)).split('\n').find((l) => l.startsWith('troupe_closed_connections') && l.includes(`"${reason}"`));
  assert.ok(line, `a line for ${reason}`);
  return Number(line.split(/\s+/)[1]);
}

test('connections that end are counted by their reason', async () => {
  const port = await free_port();
  const server = await start_server({ 'caf.middleman.prometheus-http.port': port });
  try {
    const send = async (frame, path = '/document') => {
      const socket = await new raw_socket(server.url, path).open();
      socket.send(frame);
      await socket.close_reason();
    };
    await send(hex('2a'));
    await send(hex('00'));
    await send(update_frame(hex('01 01 01 00 0f 01 01 74 01 61 00')));
    await send(hex('00 00 01 00'), '/');
    let counts;
    await until(async () => {
      counts = await Promise.all(['malformed_message', 'invalid_update', 'no_document', 'slow_consumer'].map((r) => closed(port, r)));
      return counts.join() === '2,1,1,0';
    }, 'the counters', 5000, () => String(counts));
  } finally {
    await server.stop();
  }
});
