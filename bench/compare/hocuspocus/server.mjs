// Hocuspocus as its README starts it: in memory, without extensions or hooks. Prints its address.
import { Server } from '@hocuspocus/server';

const port = Number(process.env.PORT);
const server = new Server({ address: '127.0.0.1', port, quiet: true });
await server.listen();
console.log(`listening on ws://127.0.0.1:${port}`);
