// Hocuspocus with its database extension on PostgreSQL: a table with a row for each document, as its documentation
// stores them. DATABASE is the URL. Prints its address. It stores a document two seconds after an edit, and when it ends.
import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';
import pg from 'pg';

const port = Number(process.env.PORT);
const pool = new pg.Pool({ connectionString: process.env.DATABASE });
await pool.query('CREATE TABLE IF NOT EXISTS documents (name text PRIMARY KEY, data bytea NOT NULL)');
const fetch = async ({ documentName }) => (await pool.query('SELECT data FROM documents WHERE name = $1', [documentName])).rows[0]?.data ?? null;
const store = ({ documentName, state }) =>
  pool.query('INSERT INTO documents (name, data) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET data = excluded.data', [documentName, state]);
const server = new Server({ address: '127.0.0.1', port, quiet: true, extensions: [new Database({ fetch, store })] });
await server.listen();
console.log(`listening on ws://127.0.0.1:${port}`);
