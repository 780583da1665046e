// The servers that store, and how one is started on a directory. What it stored is there when it is started again.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../compare/servers.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** As in bench/compare: what troupe needs to be allowed for these loads. */
const troupe_settings = {
  'server.port': 0,
  'admin.port': 0,
  'limits.messages_per_second': 0,
  'limits.max_connections': 20_000,
  'limits.max_documents': 100_000,
  'limits.max_message_size': '64MiB',
  'limits.write_queue_size': '64MiB',
  'log.level': 'warning',
};

async function free_port() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

const troupe = (program, engine) => ({
  name: engine === 'rocksdb' ? 'troupe' : `troupe, ${engine}`,
  protocol: 'y-websocket',
  command: async (directory) => {
    const sets = Object.entries({ ...troupe_settings, 'storage.engine': engine, 'storage.path': join(directory, 'store') });
    return { program, args: ['serve', ...sets.flatMap(([key, value]) => ['--set', `${key}=${value}`])] };
  },
});

const peer = (name, protocol, folder) => ({
  name,
  protocol,
  command: async (directory) => ({
    program: process.execPath,
    args: [join(here, folder, 'server.mjs')],
    env: { HOST: '127.0.0.1', PORT: String(await free_port()), DIRECTORY: directory },
  }),
});

export const servers_of = (program) => ({
  troupe: troupe(program, 'rocksdb'),
  memory: troupe(program, 'memory'),
  peers: [peer('y-websocket + y-leveldb', 'y-websocket', 'y-websocket'), peer('Hocuspocus + SQLite', 'hocuspocus', 'hocuspocus')],
});

/** Starts a server on a directory; returns {pid, address, stop(), start_ms}. */
export async function start_on(server, directory) {
  const begun = performance.now();
  const running = await start({ ...server, command: () => server.command(directory) }, {});
  return { ...running, start_ms: performance.now() - begun };
}
