// The servers of the comparison: how each is started, for one measurement, and ended again.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const start_max_ms = 10_000;
const stop_max_ms = 6_000;

/** What troupe needs to be allowed for these loads: the peers have no such limits. Whoever stores names another engine. */
export const troupe_settings = {
  'storage.engine': 'memory',
  'server.port': 0,
  'admin.port': 0,
  'limits.messages_per_second': 0,
  'limits.max_connections': 20_000,
  'limits.max_documents': 100_000,
  'limits.max_message_size': '64MiB',
  'limits.write_queue_size': '64MiB',
  'log.level': 'warning',
};

/** The settings above that a build knows: builds of different age are compared. */
async function settings_of(program) {
  const { stdout } = await promisify(execFile)(program, ['serve', '--help']);
  const known = new Set([...stdout.matchAll(/^ +([a-z_.]+) = /gm)].map(([, key]) => key));
  return Object.entries(troupe_settings).flatMap(([key, value]) => (known.has(key) ? [`${key}=${value}`] : []));
}

export async function free_port() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

const on_free_port = async (script) => ({ program: process.execPath, args: [join(here, script)], env: { HOST: '127.0.0.1', PORT: String(await free_port()) } });

/** {name, kind, protocol, command(scenario)}; kind is ours, floor or peer. `builds` is [[name, path]] of troupe, which speaks `dialect`. One that `holds_state` can do nothing else than send it. */
export function servers_of({ builds, relay, settings = [], dialect = 'y-websocket' }) {
  const spoken = dialect === 'y-websocket' ? [] : [`dialects.default=${dialect}`];
  const troupe_command = async (program) => {
    const sets = [...(await settings_of(program)), ...spoken, ...settings];
    return { program, args: ['serve', ...sets.flatMap((set) => ['--set', set])] };
  };
  const troupe = ([name, program]) => ({ name, kind: 'ours', protocol: dialect, command: () => troupe_command(program) });
  const floor = (how) => ({ name: `relay, ${how}`, kind: 'floor', protocol: 'y-websocket', command: async () => ({ program: relay, args: [how] }) });
  return [
    ...builds.map(troupe),
    floor('raw'),
    floor('batched'),
    { name: 'relay, state', kind: 'floor', holds_state: true, protocol: 'y-websocket', command: async ({ state }) => ({ program: relay, args: ['state', String(state)] }) },
    { name: 'y-websocket', kind: 'peer', protocol: 'y-websocket', command: () => on_free_port('y-websocket/node_modules/@y/websocket-server/src/server.js') },
    { name: 'Hocuspocus', kind: 'peer', protocol: 'hocuspocus', command: () => on_free_port('hocuspocus/server.mjs') },
  ];
}

/** The same command, kept to some cores. */
export const on_cores = (cores, { program, args, env }) => (cores === undefined ? { program, args, env } : { program: 'taskset', args: ['--cpu-list', cores, program, ...args], env });

/** Starts a server for a scenario, on some cores if they are named (as for taskset); returns {pid, address, stop()}. Fails if it does not say in time where it listens. */
export async function start(server, scenario, cores) {
  const { program, args, env } = on_cores(cores, await server.command(scenario));
  const child = spawn(program, args, { env: { ...process.env, NODE_ENV: 'production', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stop_max_ms);
    await ended;
    clearTimeout(timer);
  };
  try {
    const address = await new Promise((resolve, reject) => {
      const give_up = (why) => reject(new Error(`${server.name} does not start: ${why}\n${output}`));
      const timer = setTimeout(give_up, start_max_ms, 'no address in time');
      child.on('error', (error) => give_up(error.message));
      child.on('exit', () => give_up('it has ended'));
      const on_text = (text) => {
        output = (output + text).slice(-4096);
        // "listening on ws://127.0.0.1:3001", or in the words of y-websocket "running at '127.0.0.1' on port 3001"
        const [, port] = /(?:ws:\/\/127\.0\.0\.1:|on port )(\d+)/.exec(output) ?? [];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(`127.0.0.1:${port}`);
      };
      child.stdout.on('data', on_text);
      child.stderr.on('data', on_text);
    });
    return { pid: child.pid, address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
