// What a node shows to Prometheus: every metric that the dashboard and the alert rules ask for, numbers that follow what
// clients do, and an exporter that says why it cannot listen. promtool, where it is installed, reads all of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { own_cluster, has_cluster } from './support/cluster.mjs';
import { own_server } from './support/fixture.mjs';
import { request } from './support/http.mjs';
import { writing } from './support/json_client.mjs';
import { free_port, metric, metrics_port, scrape } from './support/metrics.mjs';
import { refused_start } from './support/server.mjs';
import { until } from './support/wait.mjs';

const folder = fileURLToPath(new URL('../../config/observability', import.meta.url));
const file = (name) => path.join(folder, name);
const text_of = (name) => readFileSync(file(name), 'utf8');

const promtool = (args, input) => spawnSync('promtool', args, { input, encoding: 'utf8' });
const no_promtool = promtool(['--version']).error ? "promtool is missing (Debian's package prometheus)" : false;
/** What Prometheus advises against and CAF does all the same. */
const lint_of_caf = /^(caf|process)_\w+ /;

/** The names of the metrics that expressions use. */
function names_in(text) {
  const names = text.match(/\b(?:troupe|caf|process)_[a-z0-9_]+/g);
  return new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
}
/** The names that a scrape has, from its lines # TYPE. */
const names_shown = (text) => new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
const missing = (wanted, shown) => [...wanted].filter((name) => !shown.has(name));

test('a node of a cluster has every metric that dashboard and rules ask for', { skip: has_cluster() ? false : 'this build has no clusters' }, async (context) => {
  const use = await own_cluster(context, { nodes: 2, settings: { 'caf.middleman.prometheus-http.port': 0 } });
  const [one, other] = use.nodes;
  const writer = await use.client(one, 'plan').synced();
  const reader = await use.client(other, 'plan').synced();
  writer.text.insert(0, 'hello');
  await until(() => reader.text.toString() === 'hello', 'the other node shows it');
  const port = metrics_port(one.server);
  const asked = new Set([...names_in(text_of('dashboard.json')), ...names_in(text_of('alerts.yaml'))]);
  assert.ok(asked.size > 50, `${asked.size} names`);
  let left;
  await until(async () => (left = missing(asked, names_shown(await scrape(port)))).length === 0, 'all are shown', 10_000, () => left.join(', '));
  const label = `peer="${other.name}"`;
  await until(async () => (await metric(port, 'troupe_peer_up', label)) === 1, 'the link is up');
  assert.ok((await metric(port, 'troupe_peer_sent_bytes', label)) > 0);
  assert.ok((await metric(port, 'troupe_digest_compares')) > 0);
  await other.kill();
  await until(async () => (await metric(port, 'troupe_peer_up', label)) === 0, 'the link is down', 15_000);
  assert.equal(await metric(port, 'troupe_ready'), (await one.readiness()).ok ? 1 : 0);
});

test('the numbers follow what clients do', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { 'metrics.port': port });
  assert.match(use.server.stdout, new RegExp(`^troupe serves its metrics on http://127\\.0\\.0\\.1:${port}/metrics$`, 'm'));
  const writer = await use.client('plan').synced();
  const reader = await use.client('plan').synced();
  const program = await use.json('/plan');
  await program.join();
  await program.do({ type: 'update', payload: { update: writing('from a program') } });
  for (let i = 0; i < 20; ++i) writer.text.insert(0, 'x');
  await until(() => reader.text.toString().includes('x'.repeat(20)), 'the reader has it');
  const is = (name, wanted, label) => until(async () => (await metric(port, name, label)) === wanted, `${name} ${label ?? ''} is ${wanted}`);
  const grows = (name, least = 1) => until(async () => (await metric(port, name)) >= least, `${name} is at least ${least}`);
  await is('troupe_sessions', 3);
  await until(async () => /^troupe_dialect_sessions.*"json"/m.test(await scrape(port)), 'dialects are counted, once a second');
  await is('troupe_dialect_sessions', 2, '"y-websocket"');
  await is('troupe_dialect_sessions', 1, '"json"');
  await is('troupe_connections', 3);
  await is('troupe_queued_bytes', 0);
  await is('troupe_open_documents', 1);
  await is('troupe_loaded_documents', 1);
  await is('troupe_ready', 1);
  await grows('troupe_messages', 5);
  await grows('troupe_received_bytes', 50);
  await grows('troupe_sent_frames', 5);
  await grows('troupe_sent_bytes', 50);
  await grows('troupe_deliveries', 2);
  await grows('troupe_committed_updates');
  for (const name of ['troupe_document_load', 'troupe_apply', 'troupe_acknowledgement', 'troupe_commit']) await grows(`${name}_seconds_count`);
  await grows('troupe_commit_size_bytes_sum');
  writer.destroy();
  reader.destroy();
  program.destroy();
  await is('troupe_sessions', 0);
  await is('troupe_dialect_sessions', 0, '"y-websocket"');
  await is('troupe_connections', 0);
});

test('an exporter whose port is taken keeps the server from starting, and is named', async (context) => {
  const taken = net.createServer();
  await new Promise((resolve) => taken.listen(0, '127.0.0.1', resolve));
  context.after(() => taken.close());
  const { port } = taken.address();
  for (const key of ['metrics.port', 'caf.middleman.prometheus-http.port']) {
    const { code, stderr } = await refused_start({ [key]: port });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`the metrics \\(metrics\\.address, metrics\\.port\\): cannot listen on address 127\\.0\\.0\\.1, port ${port}: Address already in use`));
  }
});

test('without a port there is no exporter, and one that was asked for on all addresses is warned of', async (context) => {
  const quiet = await own_server(context);
  assert.doesNotMatch(quiet.server.stdout, /metrics/);
  const port = await free_port();
  const open = await own_server(context, { 'metrics.port': port, 'metrics.address': '0.0.0.0' });
  await until(() => open.server.stderr.includes('the metrics on 0.0.0.0 ask for no password'), 'a warning');
  assert.equal((await request({ port }, '/metrics')).status, 200);
});

test('promtool finds nothing wrong with the rules', { skip: no_promtool }, () => {
  for (const args of [['check', 'rules', file('alerts.yaml')], ['check', 'config', file('scrape.yaml')]]) {
    const { status, stdout, stderr } = promtool(args);
    assert.equal(status, 0, `${stdout}${stderr}`);
  }
});

test('promtool reads what a node shows, and finds nothing wrong with the metrics of troupe', { skip: no_promtool }, async (context) => {
  const port = await free_port();
  const use = await own_server(context, { 'metrics.port': port });
  (await use.client('plan').synced()).text.insert(0, 'hello');
  await until(async () => (await metric(port, 'troupe_committed_updates')) > 0, 'something is stored');
  const { status, stdout, stderr } = promtool(['check', 'metrics'], await scrape(port));
  const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !lint_of_caf.test(line));
  assert.deepEqual(complaints, []);
  assert.ok(status === 0 || status === 3, `it ended with ${status}`); // 3: it only advises
});

test('the dashboard is one that Grafana can import', () => {
  const dashboard = JSON.parse(text_of('dashboard.json'));
  assert.equal(dashboard.title, 'troupe');
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const panel of dashboard.panels.filter(({ type }) => type !== 'row')) {
    assert.ok(panel.targets.length > 0, panel.title);
    for (const { expr, refId } of panel.targets) assert.ok(expr && refId, panel.title);
    assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
  }
});
