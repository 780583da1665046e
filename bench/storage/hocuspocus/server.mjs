// Hocuspocus with its SQLite extension on a file, both as their READMEs start them. DIRECTORY is where the file
// is. Prints its address. It stores a document two seconds after an edit, and when it ends.
import { join } from 'node:path';
import { SQLite } from '@hocuspocus/extension-sqlite';
import { Server } from '@hocuspocus/server';

const port = Number(process.env.PORT);
const database = join(process.env.DIRECTORY, 'documents.sqlite');
const server = new Server({ address: '127.0.0.1', port, quiet: true, extensions: [new SQLite({ database })] });
await server.listen();
console.log(`listening on ws://127.0.0.1:${port}`);
