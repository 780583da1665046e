// The reference server of y-websocket with y-leveldb, bound as y-websocket's README does it: each update is
// stored when it comes, and a document is loaded beside its first client. DIRECTORY is the database. It prints
// its address.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { setPersistence } from '@y/websocket-server/utils';
import { LeveldbPersistence } from 'y-leveldb';
import * as stored from 'yjs';

// The server's own yjs may be another one than y-leveldb's.
const of_server = createRequire(createRequire(import.meta.url).resolve('@y/websocket-server/utils'));
const served = await import(pathToFileURL(of_server.resolve('yjs').replace(/\.cjs$/, '.mjs')).href);
const database = new LeveldbPersistence(process.env.DIRECTORY);
setPersistence({
  provider: database,
  bindState: async (name, doc) => {
    const kept = await database.getYDoc(name);
    database.storeUpdate(name, served.encodeStateAsUpdate(doc));
    served.applyUpdate(doc, stored.encodeStateAsUpdate(kept));
    doc.on('update', (update) => database.storeUpdate(name, update));
  },
  writeState: async () => {},
});
process.on('SIGTERM', async () => {
  await database.destroy();
  process.exit(0);
});
await import('@y/websocket-server/server');
