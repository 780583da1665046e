// `troupe inspect` against running nodes: what it shows of them, and what it says where there is none.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { has_cluster, lasting_port, own_cluster } from './support/cluster.mjs';
import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { binary_path, refused_start } from './support/server.mjs';
import { cluster_tls_section, make_cluster_certificates } from './support/tls.mjs';
import { until, within } from './support/wait.mjs';

/** Runs the program; resolves to {code, out, err}. */
async function inspect(...args) {
  const child = spawn(binary_path(), ['inspect', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { code: await within(ended, `an end of troupe inspect ${args.join(' ')}`, 30_000), ...said };
}
async function inspected(server, ...args) {
  const { code, out, err } = await inspect(...args, '--at', server.inspect_at, '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

test('sessions, documents, actors and the node are shown', async (context) => {
  const use = await own_server(context, { 'storage.engine': 'memory' });
  const [first, second] = [use.client('plan'), use.client('plan')];
  const json = await use.json('/other?userId=ada');
  await json.join();
  await Promise.all([first.synced(), second.synced()]);
  first.text.insert(0, 'x'.repeat(5000));
  await until(() => second.text.length === 5000, 'the text arrives');

  // What clients send is counted by the second.
  await until(async () => (await inspected(use.server, 'nodes')).messages > 0, 'messages are counted');
  const node = await inspected(use.server, 'nodes');
  assert.equal(node.connections, 3);
  assert.equal(node.openDocuments, 2);
  assert.equal(node.process, use.server.pid);
  assert.equal(node.storageRefusal, null);
  assert.equal(node.cluster, undefined);

  const sessions = await inspected(use.server, 'sessions');
  assert.equal(sessions.count, 3);
  assert.equal(sessions.partial, false);
  assert.deepEqual(sessions.sessions.map(({ document }) => document).sort(), ['other', 'plan', 'plan']);
  const ada = sessions.sessions.find(({ userId }) => userId === 'ada');
  assert.equal(ada.dialects, 'json');
  assert.equal(ada.documents, 1);
  assert.ok(ada.connectedMs < 60_000);
  const busy = await inspected(use.server, 'sessions', '--sort', 'in', '--limit', '1');
  assert.equal(busy.sessions.length, 1);
  assert.equal(busy.count, 3);
  assert.ok(busy.sessions[0].bytesIn > 5000);
  assert.equal(busy.sessions[0].dialects, 'y-websocket');

  const documents = await inspected(use.server, 'documents', '--sort', 'sessions');
  assert.deepEqual(documents.documents.map(({ name, sessions: count }) => [name, count]), [['plan', 2], ['other', 1]]);
  await until(async () => (await inspected(use.server, 'document', 'plan')).updates > 0, 'the edit is stored');
  const plan = await inspected(use.server, 'document', 'plan');
  assert.equal(plan.open, true);
  assert.equal(plan.stored, true);
  assert.ok(plan.stateBytes > 5000);
  assert.equal((await inspected(use.server, 'document', 'nowhere')).open, false);

  const { actors, count } = await inspected(use.server, 'actors');
  assert.ok(count > 5);
  for (const name of ['troupe.store', 'troupe.directory', 'troupe.hub', 'troupe.supervisor']) {
    const row = actors.find((each) => each.name === name);
    assert.equal(row?.silent, 0, name);
    assert.ok(row.answerNs > 0, name);
  }
  const store = actors.find(({ name }) => name === 'troupe.store');
  assert.ok(store.messages > 0);
  assert.equal(typeof store.mailbox, 'number');
});

test('tables are for people, and watch prints them again and again', async (context) => {
  const use = await own_server(context);
  await use.client('plan').synced();
  const at = ['--at', use.server.inspect_at];
  const sessions = await inspect('sessions', ...at);
  assert.match(sessions.out, /^1 of 1 sessions.*\nSESSION +QUEUED .*\n.* y-websocket .* plan\n$/);
  assert.match((await inspect('documents', ...at)).out, /DOCUMENT\n.*open +plan\n$/);
  assert.match((await inspect('document', 'plan', ...at)).out, /^document +plan\nstate +open\n/);
  assert.match((await inspect('actors', ...at)).out, /troupe\.directory/);
  const watched = await inspect('watch', '--count', '2', '--interval', '0.2', ...at);
  assert.equal(watched.code, 0, watched.err);
  assert.equal(watched.out.match(/^troupe \d/gm).length, 2);
  assert.ok(!watched.out.includes('\x1b'));
  const lines = (await inspect('watch', '--json', '--count', '2', '--interval', '0.2', ...at)).out.trim().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line).sessions.count), [1, 1]);
});

test('where there is no node, that is said within a few seconds', async (context) => {
  const use = await own_server(context);
  const nobody = await inspect('nodes', '--at', `127.0.0.1:${await lasting_port()}`);
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /^troupe: nothing listens at 127\.0\.0\.1:\d+/);
  const begun = performance.now();
  const page = await inspect('nodes', '--at', `127.0.0.1:${use.server.admin_port}`);
  assert.equal(page.code, 1);
  assert.match(page.err, /does not answer|is no inspection port/);
  const noise = net.createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'.padEnd(200, ' ')));
  await new Promise((done) => noise.listen(0, '127.0.0.1', done));
  context.after(() => noise.close());
  const other = await inspect('nodes', '--at', `127.0.0.1:${noise.address().port}`);
  assert.equal(other.code, 1);
  assert.match(other.err, /is no inspection port of a troupe node/);
  assert.ok(performance.now() - begun < 20_000);
  for (const wrong of [['--at', 'h'], ['--limit', '0'], ['--config', '/there/is/no/such/file']])
    assert.equal((await inspect('documents', ...wrong)).code, 2, wrong.join(' '));
});

test('a port that is taken is a warning, and the node serves on', async (context) => {
  const first = await own_server(context);
  const port = first.server.inspect_at.split(':')[1];
  const second = await own_server(context, { 'inspect.port': port });
  assert.equal(second.server.inspect_at, undefined);
  await until(() => second.server.stderr.includes('troupe inspect cannot look into this node'), 'the warning');
  assert.ok((await second.client('plan').synced()).provider.synced);
  const off = await own_server(context, { 'inspect.enabled': 'false' });
  assert.equal(off.server.inspect_at, undefined);
});

test('a frozen node does not hold the program up', async (context) => {
  const use = await own_server(context);
  process.kill(use.server.pid, 'SIGSTOP');
  try {
    const { code, err } = await inspect('nodes', '--at', use.server.inspect_at);
    assert.equal(code, 1);
    assert.match(err, /does not answer/);
  } finally {
    process.kill(use.server.pid, 'SIGCONT');
  }
});

const skip = has_cluster() ? false : 'this build has no clusters';

test('a cluster is shown as each of its nodes sees it', { skip }, async (context) => {
  const use = await own_cluster(context, { settings: { 'inspect.port': 0 } });
  const client = await use.client(use.nodes[0], 'plan').synced();
  client.text.insert(0, 'x');
  await use.cluster.converged(['plan']);
  const names = use.nodes.map(({ name }) => name);
  let homes;
  const views = async () => {
    homes = [];
    for (const { server } of use.nodes) {
      const { cluster, node } = await inspected(server, 'nodes');
      assert.ok(names.includes(node));
      assert.deepEqual(cluster.members.map(({ name }) => name).sort(), names);
      for (const member of cluster.members) {
        assert.equal(member.incarnation, 1);
        assert.equal(typeof member.lagMs, 'number');
      }
      const plan = await inspected(server, 'document', 'plan');
      assert.deepEqual([...plan.keepers].sort(), names);
      homes.push(plan.home);
    }
    return new Set(homes).size === 1 && names.includes(homes[0]);
  };
  await until(views, 'all name one home', 10_000, () => homes.join(', '));
  const lost = use.nodes.find(({ name }) => name === homes[0]);
  await lost.kill();
  const left = use.nodes.filter((node) => node !== lost);
  const sees = async () => {
    const { cluster } = await inspected(left[0].server, 'nodes');
    const { home } = await inspected(left[0].server, 'document', 'plan');
    return cluster.members.find(({ name }) => name === lost.name).state === 'down' && home && home !== lost.name;
  };
  await until(sees, 'the node is seen as down, and another one is the home', 15_000);
  writeFileSync(path.join(use.cluster.folder, 'at.yaml'), `inspect:\n  port: ${left[0].server.inspect_at.split(':')[1]}\n`);
  const by_file = await inspect('nodes', '--json', '--config', path.join(use.cluster.folder, 'at.yaml'));
  assert.equal(JSON.parse(by_file.out).node, left[0].name, by_file.err);
});

test('with cluster.tls a node shows itself to whoever has a certificate of its cluster, and to nobody else', { skip }, async (context) => {
  const certificates = make_cluster_certificates(['node-a']);
  const tls_of = (authority) => cluster_tls_section(certificates(authority, 'node-a'));
  const use = await own_cluster(context, {
    nodes: 1, is_clustered: true, settings: { 'inspect.port': 0 }, replication: { keepers: 1, write_acks: 1 }, heartbeat: { timeout: '3s' },
    cluster_settings: { tls: tls_of('ours') },
  });
  const [node] = use.nodes;
  const at = ['nodes', '--json', '--at', node.server.inspect_at];
  const configured = path.join(node.folder, 'node.yaml');
  const known = await inspect(...at, '--config', configured);
  assert.equal(known.code, 0, known.err);
  assert.equal(JSON.parse(known.out).node, node.name);

  const bare = await inspect(...at);
  assert.equal(bare.code, 1);
  assert.match(bare.err, /wants a certificate|does not answer/);
  const forged = path.join(temporary_folder(), 'node.yaml');
  writeFileSync(forged, readFileSync(configured, 'utf8').replace(tls_of('ours'), tls_of('other')));
  const stranger = await inspect(...at, '--config', forged);
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /these certificates|does not answer/);
  for (const { out } of [bare, stranger]) assert.equal(out, '');
  const [ours, other] = ['ours', 'other'].map((authority) => certificates(authority, 'node-a'));
  const unusable = [
    [{ ...ours, key: other.key }, /^troupe: cluster\.tls\.certificate, cluster\.tls\.key: .*(does not belong|mismatch)/],
    [{ ...ours, certificate: '/nowhere.crt' }, /^troupe: cluster\.tls\.certificate, cluster\.tls\.key: the certificate '\/nowhere\.crt': No such file/],
    [{ ...ours, ca: '/nowhere.ca' }, /^troupe: cluster\.tls\.ca: the authorities '\/nowhere\.ca': No such file/],
  ];
  for (const [files, why] of unusable) {
    writeFileSync(forged, readFileSync(configured, 'utf8').replace(tls_of('ours'), cluster_tls_section(files)));
    const { code, err } = await inspect(...at, '--config', forged);
    assert.equal(code, 1);
    assert.match(err, why);
    const { stderr } = await refused_start({ 'storage.engine': 'rocksdb', 'storage.path': temporary_folder() }, { file: forged });
    assert.match(stderr, new RegExp(why.source.slice(1)));
  }
  // Between two looks it may be silent for longer than a peer may.
  const watched = await inspect('watch', ...at.slice(1), '--config', configured, '--count', '2', '--interval', '5');
  assert.equal(watched.code, 0, watched.err);
  assert.equal(watched.out.trim().split('\n').length, 2);
});
