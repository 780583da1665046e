// The servers that people move from, as they run them.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Server } from '@hocuspocus/server';
import * as Y from 'yjs';

import { free_port } from './metrics.mjs';
import { until } from './wait.mjs';

const packages = fileURLToPath(new URL('../node_modules/', import.meta.url));
const programs = { '1.5.4': 'y-websocket-1/bin/server.js', '2.1.0': 'y-websocket-2/bin/server.cjs' };

/** The versions of y-websocket's own server; those after 2.1 are the same code in a package of its own. */
export const y_websocket_versions = Object.keys(programs);

/**
 * y-websocket's server as a process, until the test ends, or `stop` or `kill` is called: {url, port, stop, kill}.
 * `environment`: YPERSISTENCE names the directory of its store.
 */
export async function run_y_websocket(context, environment = {}, { version = '1.5.4', port = undefined } = {}) {
  port ??= await free_port();
  const child = spawn(process.execPath, [path.join(packages, programs[version])], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), ...environment }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const end_by = (signal) => async () => {
    child.kill(signal);
    await ended;
  };
  const stop = end_by('SIGTERM');
  context.after(stop);
  await until(() => out.includes('running at'), 'the server of y-websocket runs', 10_000, () => out);
  return { url: `ws://127.0.0.1:${port}`, port, stop, kill: end_by('SIGKILL'), pid: child.pid };
}

/**
 * Hocuspocus 4.7 in this process, until the test ends or `stop` is called: {url, server, loads, stop}. It has the
 * documents of `made`, a map from their names to {updates}, and `loads` collects the names that it was asked for.
 */
export async function run_hocuspocus(context, made, hooks = {}) {
  const loads = [];
  const server = new Server({
    port: 0, address: '127.0.0.1', quiet: true, stopOnSignals: false,
    async onLoadDocument({ documentName, document }) {
      loads.push(documentName);
      for (const update of made.get(documentName)?.updates ?? []) Y.applyUpdate(document, update);
    },
    ...hooks,
  });
  await server.listen();
  let is_running = true;
  const stop = async () => {
    if (is_running) await server.destroy();
    is_running = false;
  };
  context.after(stop);
  return { url: `ws://127.0.0.1:${server.address.port}`, server, loads, stop };
}
