// A cluster of built servers on this machine: each node is a process with a store, ports and a configuration file of its
// own, and the links between nodes go through proxies that can cut and slow them (link_proxy.mjs). A node can be killed,
// frozen, ended in order and started again on what it stored.
//
// A "cluster" of one node is a server without a cluster, for trying out what needs no peers.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { raw_socket, yjs_client } from './clients.mjs';
import { ask_admin, request } from './http.mjs';
import { json_client } from './json_client.mjs';
import { link_network } from './link_proxy.mjs';
import { admin_token, binary_path, start_server } from './server.mjs';
import { until, within } from './wait.mjs';

let knows_cluster;
/** Whether the build under test has clusters at all. */
export function has_cluster(binary = binary_path()) {
  knows_cluster ??= / cluster\.enabled/.test(spawnSync(binary, ['serve', '--help']).stdout?.toString() ?? '');
  return knows_cluster;
}

const taken = new Set();
/**
 * A port that stays the node's while it is down: below those that the system gives to outgoing connections, so that none
 * of them takes it meanwhile.
 */
export async function lasting_port() {
  for (let tries = 0; tries < 200; ++tries) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (taken.has(port)) continue;
    taken.add(port);
    const probe = net.createServer();
    const is_free = await new Promise((resolve) => probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!is_free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
  throw new Error('no free port was found');
}

/** The section `cluster` of a configuration file. `members` are {name, address} of those who begin together. */
export function cluster_section({ name = 'test', self, listen_port, members, replication = {}, heartbeat = {}, more = {} }) {
  const { keepers = 3, write_acks = 2, mode = 'strict' } = replication;
  const { interval = '1s', timeout = '5s' } = heartbeat;
  const seeds = members.map(({ address }) => JSON.stringify(address));
  return [
    'cluster:',
    '  enabled: true',
    `  name: ${name}`,
    `  node: ${self.name}`,
    '  listen:',
    '    address: 127.0.0.1',
    `    port: ${listen_port}`,
    `  advertise: ${JSON.stringify(self.address)}`,
    `  seeds: [${seeds.join(', ')}]`,
    '  replication:',
    `    keepers: ${keepers}`,
    `    write_acks: ${write_acks}`,
    `    mode: ${mode}`,
    '  heartbeat:',
    `    interval: ${interval}`,
    `    timeout: ${timeout}`,
    ...Object.entries(more).map(([key, value]) => `  ${key}: ${value}`),
    '',
  ].join('\n');
}

class cluster_node {
  server = undefined;
  /** Its process, from the moment at which that exists. */
  pid = undefined;
  is_up = false;
  is_frozen = false;

  constructor(cluster, index, ports) {
    Object.assign(this, { cluster, index, ...ports });
    this.name = `node-${String.fromCharCode(97 + index)}`;
    this.folder = path.join(cluster.folder, this.name);
    this.directory = path.join(this.folder, 'data');
    mkdirSync(this.folder, { recursive: true });
  }
  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }
  /** The address under which others know it. */
  get address() {
    return `127.0.0.1:${this.proxy_port ?? this.listen_port}`;
  }

  /** Starts it on what it has stored; `environment` is only for it. */
  async start(environment = {}) {
    const settings = {
      'server.port': this.port,
      ...(this.cluster.has_disks ? { 'storage.engine': 'rocksdb', 'storage.path': this.directory } : {}),
      ...this.cluster.settings,
      ...(await this.cluster.settings_of_node?.(this)),
    };
    const on_spawned = (pid) => (this.pid = pid);
    this.server = await start_server(settings, { file: this.#write_file(), environment, on_spawned });
    this.is_up = true;
  }

  #write_file() {
    if (!this.cluster.is_clustered) return undefined;
    const { replication, heartbeat, cluster_settings } = this.cluster;
    const more = typeof cluster_settings === 'function' ? cluster_settings(this) : cluster_settings;
    const file = path.join(this.folder, 'node.yaml');
    const members = this.cluster.seeds.map(({ name, address }) => ({ name, address }));
    writeFileSync(file, cluster_section({ self: this, listen_port: this.listen_port, members, replication, heartbeat, more }));
    return file;
  }

  /** SIGKILL. */
  async kill() {
    if (!this.is_up) return;
    this.is_up = this.is_frozen = false;
    await this.server.kill();
    this.pid = undefined;
  }
  /** SIGTERM; it must end in order, in time. */
  async stop() {
    if (!this.is_up) return;
    this.thaw();
    await this.server.stop();
    this.is_up = false;
    this.pid = undefined;
  }
  freeze() {
    process.kill(this.server.pid, 'SIGSTOP');
    this.is_frozen = true;
  }
  thaw() {
    if (this.is_up) process.kill(this.server.pid, 'SIGCONT');
    this.is_frozen = false;
  }
  /** Its disk is gone: whatever starts here next is another node. */
  destroy_disk() {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Whether it says that it is ready for clients, and why not. */
  async readiness() {
    if (!this.is_up) return { ok: false, text: 'it is down' };
    const { status, body } = await request({ port: this.port }, '/readyz').catch((error) => ({ status: 0, body: error.message }));
    return { ok: status === 200, text: body };
  }
  async ready(ms = 20_000) {
    let state;
    await until(async () => (state = await this.readiness()).ok, `${this.name} is ready`, ms, () => state.text);
    return this;
  }

  /** An answer of its admin pages; see ask_admin. */
  ask(where, options) {
    return ask_admin(this.server, where, options);
  }
  /** {version, update}: what it holds of a document, whatever others have; undefined if nothing. */
  async holds(document, method = 'GET') {
    const answer = await this.ask(`/api/v1/documents/${encodeURIComponent(document)}/export?local=true`, { method });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`${this.name}: ${method} of ${document} is answered with ${answer.status}: ${answer.body}`);
    return { version: answer.headers.etag, update: answer.bytes };
  }

  /**
   * What it holds of a document for others: it keeps it, or has sessions in it. A copy that sessions have left behind
   * elsewhere is no longer kept up to date, is asked by nobody, and goes after half a minute.
   */
  async answers_for(document, method = 'GET') {
    const { status, json } = await this.ask(`/api/v1/documents/${encodeURIComponent(document)}`);
    // What a database has, all nodes have.
    const is_left_behind = this.cluster.has_disks && status === 200 && json.cluster?.role === 'none' && !(json.sessions > 0);
    return is_left_behind ? undefined : this.holds(document, method);
  }

  client(document, options) {
    return new yjs_client(this.url, document, options);
  }
  raw(where, options) {
    return new raw_socket(this.url, where, options);
  }
  json(where, options) {
    return new json_client(this.url, where, options).open();
  }
}

export class test_cluster {
  nodes = [];
  network = new link_network();

  /**
   * `settings` as of any server, with what `settings_of_node(node)` resolves to; `replication` and `heartbeat` as in the section, `cluster_settings` what else is there,
   * or a function from a node to that.
   * Without disks (`has_disks`) the settings say where documents are stored.
   * Without proxies (`is_proxied`) nodes dial each other. `is_clustered`: a node alone may be a cluster, too.
   */
  constructor({
    nodes = 3, name = 'cluster', folder = undefined, settings = {}, replication = {}, heartbeat = {}, cluster_settings = {}, is_proxied = true,
    is_clustered = nodes > 1, has_disks = true, settings_of_node = undefined,
  }) {
    Object.assign(this, { count: nodes, settings, settings_of_node, replication, heartbeat, cluster_settings, is_proxied, is_clustered, has_disks });
    this.folder = folder ?? mkdtempSync(path.join(tmpdir(), `troupe-${name}-`));
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** Adds a node that is not started: its ports and its proxy. */
  async add_node() {
    const node = new cluster_node(this, this.nodes.length, { port: await lasting_port(), listen_port: await lasting_port() });
    if (this.is_proxied) node.proxy_port = await this.network.add(node.name, node.listen_port, () => node.pid, await lasting_port());
    this.nodes.push(node);
    return node;
  }

  /** Starts all at once, as at the first start they wait for each other. */
  async start() {
    while (this.nodes.length < this.count) await this.add_node();
    this.seeds = [...this.nodes];
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.ready();
    if (this.is_clustered) {
      await this.linked();
      await this.moved();
    }
    return this;
  }
  /** Waits until all nodes know that all documents are where the list wants them: until then one that is lost is missed by openings. */
  async moved(ms = 15_000, nodes = this.up()) {
    const have_moved = async (node) => (await node.ask('/api/v1/cluster')).json.moved;
    await Promise.all(nodes.map((node) => until(() => have_moved(node), `${node.name} says that all have moved`, ms)));
  }
  /** Waits until each node that is up has a connection to each other one; without proxies nobody knows. */
  async linked(ms = 15_000) {
    if (!this.is_proxied) return;
    const up = this.up().map(({ name }) => name);
    const wanted = up.flatMap((a, i) => up.slice(i + 1).map((b) => `${a}|${b}`));
    const connected = () => wanted.every((pair) => this.network.connected().includes(pair));
    await until(connected, 'all nodes are connected', ms, () => this.network.connected().join(', '));
  }
  async ready(ms = 30_000) {
    await Promise.all(this.up().map((node) => node.ready(ms)));
  }
  up() {
    return this.nodes.filter(({ is_up, is_frozen }) => is_up && !is_frozen);
  }
  get names() {
    return this.nodes.map(({ name }) => name);
  }
  /** How many nodes store a document. */
  get keepers() {
    return Math.min(this.replication.keepers ?? 3, this.members().length);
  }
  members() {
    return this.nodes.filter(({ has_left }) => !has_left);
  }
  /** The others of a node. */
  peers_of(node) {
    return this.nodes.filter((each) => each !== node);
  }

  /**
   * `troupe cluster ACTION ARGS`, told to a node by its admin pages; resolves to {code, out}. The one place that knows how
   * an operator names the node to ask.
   */
  async tool(node, ...args) {
    const how = ['cluster', ...args, '--admin', `http://127.0.0.1:${node.server.admin_port}`];
    const child = spawn(binary_path(), how, { env: { ...process.env, TROUPE_ADMIN_TOKEN: admin_token }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (out += text));
    const code = await within(new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)), `an end of troupe cluster ${args[0]}`, 20_000);
    return { code, out };
  }
  /** The same, and fails unless it went well. */
  async must(node, ...args) {
    const { code, out } = await this.tool(node, ...args);
    if (code !== 0) throw new Error(`troupe cluster ${args.join(' ')}: ${code}: ${out}`);
    return out;
  }

  /** The node that is home to a document now; undefined if the nodes do not tell. */
  async home_of(document) {
    for (const node of this.up()) {
      const { json } = await node.ask(`/api/v1/documents/${encodeURIComponent(document)}`).catch(() => ({}));
      const name = json?.home ?? json?.cluster?.home;
      const home = this.nodes.find((each) => each.name === name);
      if (home) return home;
    }
    return undefined;
  }

  /**
   * Waits until all nodes that answer for a document hold the same, and as many as keep it; resolves to how long that
   * took. A cluster of five may have more of them than keepers: those in which clients have it open.
   */
  async converged(documents, ms = 30_000) {
    const begun = performance.now();
    const nodes = this.up();
    let seen;
    for (const document of documents) {
      await until(
        async () => {
          const held = await Promise.all(nodes.map((node) => node.answers_for(document, 'HEAD').catch((error) => ({ version: error.message }))));
          seen = held.map((each) => each?.version);
          const versions = seen.filter(Boolean);
          return new Set(versions).size <= 1 && (versions.length === 0 || versions.length >= Math.min(this.keepers, nodes.length));
        },
        `all nodes that answer for ${document} hold the same`,
        Math.max(100, ms - (performance.now() - begun)),
        () => seen.join(', '),
      );
    }
    return performance.now() - begun;
  }

  /** Ends all of them at once and their proxies; in order, or not. */
  async stop() {
    this.network.heal();
    try {
      for (const node of this.nodes) node.thaw();
      await Promise.all(this.nodes.map((node) => node.stop()));
    } finally {
      await this.kill();
    }
  }
  async kill() {
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.network.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A cluster for one test: its clients are destroyed behind it, then its nodes are ended in order. */
export async function own_cluster(context, options = {}) {
  const cluster = new test_cluster(options);
  const open = [];
  const track = (thing) => {
    open.push(thing);
    return thing;
  };
  context.after(async () => {
    for (const thing of open) thing.destroy();
    await cluster.stop();
    for (const thing of open) thing.check?.();
  });
  await cluster.start();
  return {
    cluster,
    nodes: cluster.nodes,
    network: cluster.network,
    track,
    client: (node, document, how) => track(node.client(document, how)),
    json: async (node, where, how) => track(await node.json(where, how)),
  };
}
