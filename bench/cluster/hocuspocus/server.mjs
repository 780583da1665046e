// Hocuspocus with its Redis extension, both as their READMEs start them. REDIS_PORT is where the broker is, or where a
// proxy stands in front of it. Without it, a server alone. Prints its address.
import { Redis } from '@hocuspocus/extension-redis';
import { Server } from '@hocuspocus/server';

const port = Number(process.env.PORT);
const redis_port = Number(process.env.REDIS_PORT ?? 0);
const extensions = redis_port === 0 ? [] : [new Redis({ host: '127.0.0.1', port: redis_port })];
const server = new Server({ address: '127.0.0.1', port, quiet: true, extensions });
await server.listen();
console.log(`listening on ws://127.0.0.1:${port}`);
