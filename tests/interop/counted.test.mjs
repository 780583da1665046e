// What the exporter tells: closed connections are counted by reason.
import { test } from 'node:test';

import { raw_socket } from './support/clients.mjs';
import { hex, update_frame } from './support/frames.mjs';
import { closed, free_port, with_metrics } from './support/metrics.mjs';
import { start_server } from './support/server.mjs';
import { until } from './support/wait.mjs';

test('connections that end are counted by their reason', async () => {
  const port = await free_port();
  const server = await start_server(with_metrics(port));
  try {
    const send = async (frame, path = '/document') => {
      const socket = await new raw_socket(server.url, path).open();
      socket.send(frame);
      await socket.close_reason();
    };
    await send(hex('00 02 7f 01'));
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
