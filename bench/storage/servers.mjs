// The servers that store, and how one is started on a directory. What it stored is there when it is started again.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { free_port, start, troupe_settings } from '../compare/servers.mjs';

const here = dirname(fileURLToPath(import.meta.url));

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
