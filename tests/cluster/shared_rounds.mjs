// Nodes that share a database (cluster.durability: shared) under load: in each round a node is added and another one taken
// away by starting and stopping processes only, nodes are killed, links between them are cut, and the database is killed or
// shut down at once at the same time. What was acknowledged is there, once, all nodes hold the same, and everybody can edit.
//
//   node tests/cluster/shared_rounds.mjs [--rounds 30] [--seed 1] [--short]
import { spawnSync } from 'node:child_process';

import { folder_of_test, option, pause, random_from, report, settings_of, storage_tool, until } from '../faults/support.mjs';
import { has_cluster, test_cluster } from '../interop/support/cluster.mjs';
import { can_run_postgres, postgres_server } from '../interop/support/postgres_server.mjs';
import { binary_path } from '../interop/support/server.mjs';
import { check_contents, operation_book } from './checker.mjs';
import { contents_of, set_editor, workload } from './workload.mjs';

if (!can_run_postgres || !has_cluster()) {
  console.log("skipped: no PostgreSQL (Debian's package postgresql), or a build without clusters");
  process.exit();
}

const is_short = process.argv.includes('--short');
const rounds = option('rounds', is_short ? 1 : 30);
const seed = option('seed', Date.now() % 100000);
const random = random_from(seed);
const between = (least, most) => least + random() * (most - least);
const one_of = (list) => list[Math.floor(random() * list.length)];

const database = await new postgres_server(folder_of_test('database')).start();
const migrated = spawnSync(binary_path(), ['storage', 'migrate', database.url]);
if (migrated.status !== 0) throw new Error(`migrate: ${migrated.stderr}`);

const settings = settings_of('', {
  'storage.engine': 'postgresql',
  'storage.postgresql.url': database.url,
  'storage.postgresql.statement_timeout': '5s',
});
for (const key of Object.keys(settings)) if (/^storage\.(path|write)/.test(key)) delete settings[key];
const cluster = new test_cluster({ nodes: 3, name: 'shared', settings, has_disks: false, cluster_settings: { durability: 'shared' } });
await cluster.start();

const book = new operation_book();
const problems = [];
const problem = (what) => problems.length < 20 && problems.push(what);
const counts = {
  rounds, database_kills: 0, database_shutdowns: 0, node_kills: 0, node_stops: 0, node_starts: 0, cuts: 0, acknowledged: 0, lost: 0, phantom: 0,
  resurrected: 0, repeated: 0, differing: 0, written_twice: 0, unanswered: 0,
};
let longest_convergence = 0;

/** A node that was not there, or is not there now. */
async function add_one() {
  const away = cluster.nodes.filter(({ is_up }) => !is_up);
  const node = away.length > 0 ? one_of(away) : cluster.nodes.length < 5 ? await cluster.add_node() : undefined;
  if (node === undefined) return;
  await node.start();
  ++counts.node_starts;
}
async function take_one(how) {
  const up = cluster.up();
  if (up.length < 2) return;
  const node = one_of(up);
  if (how === 'kill') {
    ++counts.node_kills;
    await node.kill();
  } else {
    ++counts.node_stops;
    await node.stop();
  }
}
async function fail_database() {
  if (random() < 0.5) {
    ++counts.database_kills;
    await database.kill();
  } else {
    ++counts.database_shutdowns;
    await database.shut_down_immediately();
  }
}

/** What goes wrong in a round; the database is up at its end, and at least three nodes. */
async function disturb() {
  await add_one();
  await pause(between(200, 1000));
  const [one, other] = cluster.up();
  if (random() < 0.5) {
    ++counts.cuts;
    cluster.network.cut(one.name, other.name);
  }
  await take_one('stop');
  await pause(between(0, 500));
  await Promise.all([fail_database(), take_one('kill')]);
  await pause(between(200, 2000));
  await database.start();
  await pause(between(0, 1500));
  cluster.network.heal();
  while (cluster.up().length < 3) await add_one();
}

/** Rows of one opening of a document that are there twice; what is deleted twice is the same twice. */
function written_twice() {
  const query = `SELECT count(*) FROM (SELECT 1 FROM troupe.log WHERE get_byte(data, 0) > 0 GROUP BY document, origin, data HAVING count(*) > 1) AS twice`;
  const asked = spawnSync('psql', [database.url, '-Atc', query]);
  if (asked.status !== 0) throw new Error(`psql: ${asked.stderr}`);
  return Number(asked.stdout.toString());
}

async function check(documents) {
  for (const document of documents) {
    const found = [];
    for (const node of cluster.up()) {
      const held = await node.holds(document);
      if (held) found.push({ where: `${node.name} holds`, ...contents_of(held.update) });
      const client = node.client(document);
      await client.synced(15_000).then(
        () => found.push({ where: `${node.name} shows`, ...contents_of(client.doc) }),
        (error) => problem(`${document}: ${node.name} shows it to nobody: ${error.message}`),
      );
      client.destroy();
    }
    for (const { where, state, ...contents } of found) {
      for (const [kind, elements] of Object.entries(check_contents(book.of(document), contents))) {
        counts[kind] = Math.max(counts[kind], elements.length);
        if (elements.length > 0) problem(`${document}: ${where} ${elements.length} ${kind}, the first is ${elements[0]}`);
      }
      if (state === found[0].state) continue;
      ++counts.differing;
      problem(`${document}: ${where} another state than ${found[0].where}`);
    }
  }
}

async function check_liveness(name, document) {
  for (const node of cluster.up()) {
    const editor = new set_editor(node, document, `${name}.after.${node.name}`, book);
    if (await editor.joined()) editor.append();
    else problem(`${node.name} lets nobody in after the heal: ${editor.closed_with ?? 'no answer'}`);
    if ((await editor.settled()) > 0) problem(`${node.name} acknowledges nothing after the heal`);
    editor.destroy();
  }
}

for (let round = 1; round <= rounds; ++round) {
  const name = `shared-${round}`;
  const documents = [0, 1, 2].map((at) => `${name}-${at}`);
  const texts = [`${name}-text`];
  for (const node of cluster.nodes) node.has_left = false;
  const work = new workload(cluster, { name, documents, texts, book, random }).start();
  try {
    await until(() => documents.every((each) => book.has_acknowledged(each)), 'something was acknowledged in each document', 15_000);
    await disturb();
    const healed = performance.now();
    await cluster.ready();
    await cluster.linked();
    for (const node of cluster.nodes) node.has_left = !node.is_up;
    await pause(500);
    await work.stop();
    counts.unanswered += work.unanswered;
    if (work.unanswered > 0) problem(`${name}: ${work.unanswered} edits were not acknowledged though all was healed`);
    await cluster.converged([...documents, ...texts]);
    longest_convergence = Math.max(longest_convergence, performance.now() - healed);
    for (const each of await work.texts_converged()) problem(each);
    await check(documents);
    counts.written_twice = Math.max(counts.written_twice, written_twice());
  } catch (error) {
    problem(`${name}: ${error.stack ?? error}`);
  } finally {
    work.destroy();
  }
  await check_liveness(name, documents[0]).catch((error) => problem(error.message));
  if (problems.length > 0) break;
  if (!is_short) console.log(`round ${round}: ${book.acknowledged} acknowledged, ${cluster.up().map((node) => node.name).join(' ')}`);
}
counts.acknowledged = book.acknowledged;
if (counts.written_twice > 0) problem(`${counts.written_twice} updates were written twice by one node`);
cluster.network.heal();
for (const node of cluster.nodes) await node.stop().catch((error) => problem(`${node.name}: ${error.message}`));
const verified = storage_tool('verify', database.url);
if (verified.code !== 0) problem(`verify: ${verified.err}${JSON.stringify(verified.report)}`);
await cluster.kill();
await database.stop();
report(`nodes that share a database (seed ${seed}, converged in ${Math.round(longest_convergence)} ms at most)`, counts, problems);
process.exit();
