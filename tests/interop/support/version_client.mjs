// A client of a version of the provider under a runtime: version_program.mjs as a child process, and what to ask it.
// It ends with its input, so it does not outlive the process that started it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { until, within } from './wait.mjs';

const program = fileURLToPath(new URL('version_program.mjs', import.meta.url));
const installed = process.env.TROUPE_RUNTIMES;

/** The providers that version_program.mjs can load. */
export const versions = [
  'y-websocket 1.5.4', 'y-websocket 2.1.0', 'y-websocket 3.1.0', '@y/websocket 4.0.0-3',
  'hocuspocus 2.15.3', 'hocuspocus 3.4.4', 'hocuspocus 4.8.0', 'y-sweet 0.9.1',
];

/** The commands of the runtimes; those that runtimes.sh installs are below the folder that TROUPE_RUNTIMES names. */
export const runtimes = {
  node: [process.execPath],
  'node 24': [installed && path.join(installed, 'node-24/bin/node')],
  bun: [installed && path.join(installed, '.bin/bun')],
  deno: [installed && path.join(installed, '.bin/deno'), 'run', '--allow-all', '--no-lock', '--no-remote', '--node-modules-dir=manual'],
};

/** Why a runtime cannot be used; false if it can. */
export function is_missing(runtime) {
  if (existsSync(runtimes[runtime][0] ?? '')) return false;
  return installed ? `there is no ${runtimes[runtime][0]}` : `${runtime} is needed: tests/interop/runtimes.sh installs it`;
}

export class version_client {
  #child;
  #said = ''; // on stderr
  #last_id = 0;
  #waiting = new Map();
  #end;

  /** Starts a client of `document` at `url` that shows itself as `name`. */
  constructor(url, document, name, { version, runtime = 'node', token = 'any' }) {
    Object.assign(this, { name, version, runtime });
    const [command, ...args] = runtimes[runtime];
    this.#child = spawn(command, [...args, program, version, url, document, name, JSON.stringify(token)], { stdio: 'pipe' });
    this.#child.stdin.on('error', () => {}); // it has ended, then
    this.#child.once('error', (error) => (this.#said += error)); // a 'close' always follows
    this.#end = new Promise((resolve) => this.#child.once('close', () => resolve({ error: 'it has ended' })));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#said += text));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { id, value, error } = JSON.parse(line);
      this.#waiting.get(id)?.({ value, error });
      this.#waiting.delete(id);
    });
  }

  /** Lets the client do something (`calls` of version_program.mjs) and resolves to what it returns. */
  async ask(call, ...args) {
    const id = ++this.#last_id;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin.write(`${JSON.stringify({ id, call, args })}\n`);
    const { value, error } = await within(Promise.race([answer, this.#end]), `an answer to ${call}`, 10000);
    if (error) throw new Error(`${this.name} (${this.version}, ${this.runtime}): ${error}\n${this.#said}`);
    return value;
  }

  /** Resolves to its state once `matches` accepts it: {synced, seen: names, contents: JSON}. */
  async state(matches, what, ms = 5000) {
    let state;
    const described = () => `${this.name} (${this.version}, ${this.runtime}): ${JSON.stringify(state)} ${this.#said}`;
    await until(async () => matches((state = await this.ask('state'))), what, ms, described);
    return state;
  }

  /** Waits until it says that all that it wrote is saved, and that it is synced. */
  async saved(ms = 10_000) {
    let progress;
    const described = () => `${this.name} (${this.version}): ${JSON.stringify(progress)} ${this.#said}`;
    await until(async () => (progress = await this.ask('progress')).saved && progress.synced, 'all is saved', ms, described);
  }

  async synced() {
    await this.state(({ synced }) => synced, 'it is synced', 10000);
    return this;
  }

  /** Waits until it sees exactly the clients of these names. */
  sees(...names) {
    return this.state(({ seen }) => `${seen}` === `${[...names].sort()}`, `${names} are seen`);
  }

  /** SIGKILL. */
  kill() {
    this.#child.kill('SIGKILL');
  }

  destroy() {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    this.#end.then(() => clearTimeout(timer));
  }
}
