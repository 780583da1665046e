// Nodes that share a database (cluster.durability: shared), for the rows: the database, what is set at such nodes, and the
// rows that only they have, in which the database fails, or the way to it.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { folder_of_test, pause, small_disk, storage_tool, until } from '../faults/support.mjs';
import { database_proxy } from '../interop/support/database_proxy.mjs';
import { can_run_postgres, postgres_server } from '../interop/support/postgres_server.mjs';
import { binary_path } from '../interop/support/server.mjs';

export const can_share = can_run_postgres;

const statement_timeout = '5s';

/** The database of one run, with a way of each node to it that can be disturbed. */
export class shared_database {
  #proxies = [];

  /** `is_bounded`: the tables are on a small disk that can be filled. */
  async start({ is_bounded = false } = {}) {
    this.folder = folder_of_test('database');
    chmodSync(this.folder, 0o755); // PostgreSQL may run as another user
    this.server = await new postgres_server(path.join(this.folder, 'server')).start();
    if (is_bounded) this.#bound();
    const made = spawnSync(binary_path(), ['storage', 'migrate', this.server.url]);
    if (made.status !== 0) throw new Error(`migrate: ${made.stderr}`);
    return this;
  }

  #bound() {
    this.disk = small_disk(this.folder);
    if (!this.disk.is_mounted) throw new Error('nothing can be mounted here');
    mkdirSync(this.disk.directory);
    if (this.server.user.uid) chownSync(this.disk.directory, this.server.user.uid, this.server.user.gid);
    this.ask(`CREATE TABLESPACE small LOCATION '${this.disk.directory}'`);
    this.ask('ALTER DATABASE postgres SET default_tablespace = small');
  }

  /** Rows of one statement, as text. */
  ask(statement) {
    const asked = spawnSync('psql', [this.server.url, '-Atc', statement]);
    if (asked.status !== 0) throw new Error(`psql: ${asked.stderr}`);
    return asked.stdout.toString().trim();
  }

  /** What a cluster of such nodes takes. */
  cluster_options(settings) {
    const of_nodes = {
      ...settings,
      'storage.engine': 'postgresql',
      'storage.postgresql.statement_timeout': statement_timeout,
    };
    for (const key of Object.keys(of_nodes)) if (/^storage\.(path|write)/.test(key)) delete of_nodes[key];
    const settings_of_node = async (node) => ({ 'storage.postgresql.url': (await this.#way_of(node)).url });
    return { settings: of_nodes, settings_of_node, has_disks: false, cluster_settings: { durability: 'shared' } };
  }

  async #way_of(node) {
    return (this.#proxies[node.index] ??= await new database_proxy(path.join(this.folder, node.name), this.server).start());
  }
  /** The way of a node that was started. */
  way_of(node) {
    return this.#proxies[node.index];
  }
  get ways() {
    return this.#proxies;
  }
  heal() {
    for (const each of this.#proxies) each?.heal();
  }

  /** What is wrong with what is stored, as sentences: rows that cannot be read, or that one opening has written twice. */
  problems() {
    const problems = [];
    const { code, err, report } = storage_tool('verify', this.server.url);
    if (code !== 0) problems.push(`verify: ${err}${JSON.stringify(report)}`);
    // What only deletes may be the same twice.
    const twice = this.ask('SELECT count(*) FROM (SELECT 1 FROM troupe.log WHERE get_byte(data, 0) > 0 GROUP BY document, origin, data HAVING count(*) > 1) AS twice');
    if (twice !== '0') problems.push(`${twice} updates were written twice by one node`);
    return problems;
  }

  async stop() {
    for (const each of this.#proxies) each?.close();
    await this.server.stop();
  }
}

const forms = { short: { rounds: 1, minutes_max: 2 }, long: { rounds: 8, minutes_max: 12 } };

/** The way of some nodes to the database disturbed for a while. */
const ways = (disturb) => async (run) => {
  disturb(run);
  await run.a_while(1, 20, 7);
  run.database.heal();
};

/** How a server that was ended comes back. */
const down = (end) => async (run) => {
  await end(run.database.server);
  await run.a_while(1, 10, 2);
  await run.database.server.start();
};

/** A node that nobody has announced, and another one that is stopped: processes, and nothing else. */
export async function come_and_go(run) {
  const node = await run.cluster.add_node();
  await node.start();
  await node.ready(30_000);
  await pause(2000);
  const leaving = run.one_of(run.cluster.up());
  leaving.has_left = true;
  await leaving.stop();
  await pause(2000);
}

export const database_rows = [
  { name: 'database-killed', what: 'SIGKILL of the database, 1-10 s', ...forms, fault: down((server) => server.kill()) },
  { name: 'database-ended', what: 'immediate shutdown of the database, 1-10 s', ...forms, fault: down((server) => server.shut_down_immediately()) },
  {
    name: 'database-frozen', what: 'SIGSTOP of the database, 1-20 s', ...forms,
    fault: async (run) => {
      run.database.server.freeze();
      await run.a_while(1, 20, 8);
      run.database.server.thaw();
    },
  },
  {
    name: 'database-cut', what: 'one node cut off from the database, 1-20 s', ...forms,
    fault: ways((run) => run.database.way_of(run.one_of(run.nodes)).cut()),
  },
  {
    name: 'database-mute', what: 'nothing comes from the database to one node, or back, 1-20 s', ...forms,
    fault: ways((run) => run.database.way_of(run.one_of(run.nodes)).hold()),
  },
  {
    name: 'database-far', what: 'each way to the database takes 200 ms, 1-20 s', ...forms,
    fault: ways((run) => run.database.ways.forEach((way) => way.slow(100))),
  },
  {
    name: 'database-full', what: 'the disk of the tables full for 3-10 s', is_bounded: true, short: { rounds: 1, minutes_max: 2 }, long: { rounds: 4, minutes_max: 10 },
    fault: async (run) => {
      run.database.disk.fill();
      const is_told = async () => /full/.test((await run.nodes[0].readiness()).text);
      await until(is_told, '/readyz says that the disk is full', 20_000).catch((error) => run.problem(error.message));
      await run.a_while(3, 10, 4);
      run.database.disk.free();
      await run.cluster.ready();
    },
  },
];
