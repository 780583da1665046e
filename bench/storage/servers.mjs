// The servers that store, and how one is started on a directory. What it stored is there when it is started again.
import { spawnSync } from 'node:child_process';
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

/** Two servers that store in the same database: troupe in tables that are made for it, the peer in one of its own. */
const on_database = (program) => (url) => [
  {
    name: 'troupe',
    protocol: 'y-websocket',
    command: async () => {
      const { status, stderr } = spawnSync(program, ['storage', 'migrate', url]);
      if (status !== 0) throw new Error(`troupe storage migrate: ${stderr}`);
      const sets = Object.entries({ ...troupe_settings, 'storage.engine': 'postgresql', 'storage.postgresql.url': url });
      return { program, args: ['serve', ...sets.flatMap(([key, value]) => ['--set', `${key}=${value}`])] };
    },
  },
  {
    name: 'Hocuspocus + database extension',
    protocol: 'hocuspocus',
    command: async () => ({
      program: process.execPath,
      args: [join(here, 'hocuspocus-database', 'server.mjs')],
      env: { HOST: '127.0.0.1', PORT: String(await free_port()), DATABASE: url },
    }),
  },
];

export const servers_of = (program) => ({
  on_database: on_database(program),
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
