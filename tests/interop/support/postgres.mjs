// A PostgreSQL server of a test's own, in a folder that goes with it: Debian's package `postgresql` has the programs.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import pg from 'pg';

import { temporary_folder } from './folder.mjs';
import { until } from './wait.mjs';

const base = '/usr/lib/postgresql';
const versions = existsSync(base) ? readdirSync(base).filter((name) => existsSync(path.join(base, name, 'bin/initdb'))) : [];
const programs = versions.length > 0 ? path.join(base, versions.sort().at(-1), 'bin') : undefined;

/** PostgreSQL does not run as root; it is then the package's own user. */
function other_user() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: id('-u'), gid: id('-g') };
}

export const can_run_postgres = programs !== undefined && spawnSync('id', ['postgres']).status === 0;

/** Runs one until the test ends, on a socket in its folder: the URL of its database, and a pool of connections. */
export async function run_postgres(context) {
  const user = other_user();
  const folder = temporary_folder();
  if (user.uid) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  const made = spawnSync(path.join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'], { ...user, cwd: folder });
  assert.equal(made.status, 0, made.stderr?.toString());
  const child = spawn(path.join(programs, 'postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = `postgresql://postgres@/postgres?host=${encodeURIComponent(folder)}`;
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {}); // a connection that nobody uses ends with the server
  context.after(async () => {
    await pool.end();
    child.kill('SIGINT');
    await ended;
  });
  await until(() => log.includes('ready to accept connections'), 'PostgreSQL is ready', 20_000, () => log);
  return { url, pool };
}
