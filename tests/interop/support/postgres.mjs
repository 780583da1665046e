// A PostgreSQL server of a test's own, in a folder that goes with it.
import pg from 'pg';

import { temporary_folder } from './folder.mjs';
import { postgres_server } from './postgres_server.mjs';

export { can_run_postgres } from './postgres_server.mjs';

/** Runs one until the test ends, on a socket in its folder: the URL of its database, and a pool of connections. */
export async function run_postgres(context) {
  const server = await new postgres_server(temporary_folder(), ['fsync=off']).start();
  const { url } = server;
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {}); // a connection that nobody uses ends with the server
  context.after(async () => {
    await pool.end();
    await server.stop();
  });
  return { url, pool };
}
