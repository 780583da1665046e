// The built server as a child process: started on a free port, watched, stopped by its own id.
// A server that dies ends all waiting at once, and a sanitizer report fails stop(): the file that started
// the server fails, with the end of what it printed.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { give_up, until, within } from './wait.mjs';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const ready_line = /^troupe listening on (wss?:\/\/(\S+):(\d+))\n/m;
const admin_line = /^troupe serves its admin pages on http:\/\/(\S+):(\d+)\n/m;
const inspect_line = /^troupe inspect --at (\S+) looks into it\n/m;
const sanitizer_report = /(Address|Thread|Leak|Memory|UndefinedBehavior)Sanitizer|runtime error:/;
const log_tail_lines = 40;

/** The binary under test: $TROUPE_BINARY, else the release build. Relative paths start at the repository. */
export function binary_path() {
  return path.resolve(repository, process.env.TROUPE_BINARY || 'build/release/troupe');
}

/** Whether the server runs under a sanitizer. */
export const is_sanitized = Boolean(process.env.TROUPE_SANITIZE);

/** Whether a server's memory says anything: under a sanitizer, which keeps what was freed, it does not. */
export const memory_tells = !is_sanitized;

/** The admin token of all servers whose settings do not say another, or none (undefined). */
export const admin_token = 'the-token-of-the-tests';

class server {
  /** All of stdout, all of stderr. */
  stdout = '';
  stderr = '';
  /** ws://HOST:PORT, its parts, and the port of the admin pages if they are on; known once the server is ready. */
  url = undefined;
  host = undefined;
  port = undefined;
  admin_port = undefined;
  /** HOST:PORT for troupe inspect; undefined: it has none. */
  inspect_at = undefined;
  /** What the admin pages ask for; undefined: the server makes one by itself. */
  admin_token = undefined;
  #child;
  #expected_to_end = false;
  #ready;
  #ended;
  #kill_on_exit;

  constructor(settings, file, environment) {
    const binary = binary_path();
    if (!existsSync(binary)) {
      throw new Error(`there is no server at ${binary}: build it, or point TROUPE_BINARY at it`);
    }
    const all = { 'server.port': 0, 'admin.port': 0, 'inspect.port': 0, 'admin.token': admin_token, 'storage.engine': 'memory', ...settings };
    const args = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : ['--set', `${key}=${value}`]));
    this.admin_token = all['admin.token'];
    if (file) args.push('--config', file);
    this.#child = spawn(binary, ['serve', ...args], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.#ended = new Promise((resolve) => {
      // 'close', not 'exit': by then the last of the output has been read.
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.#ready = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.stdout.setEncoding('utf8').on('data', (text) => {
        this.stdout += text;
        const match = ready_line.exec(this.stdout);
        const admin = admin_line.exec(this.stdout);
        if (match && (admin || String(all['admin.enabled']) === 'false'))
          resolve({ url: match[1], host: match[2], port: Number(match[3]), admin_port: admin && Number(admin[2]), inspect_at: inspect_line.exec(this.stdout)?.[1] });
      });
      this.#ended.then(({ code, signal }) => {
        const message = `the server ended by itself (code ${code}, signal ${signal})`;
        reject(new Error(message));
        if (this.url && !this.#expected_to_end) give_up(this.failure(message));
      });
    });
    this.#ready.catch(() => {});
    this.#kill_on_exit = () => this.#child.kill('SIGKILL');
    process.once('exit', this.#kill_on_exit);
  }

  async ready() {
    Object.assign(this, await within(this.#ready, 'a line "troupe listening on ..."', 20000));
  }

  /** The process, for signals and for what the system tells about it. */
  get pid() {
    return this.#child.pid;
  }

  /** SIGSTOP; resolves once each of its threads stands still. */
  async freeze() {
    this.#child.kill('SIGSTOP');
    const stands = (thread) => readFileSync(`/proc/${this.pid}/task/${thread}/stat`, 'utf8').split(') ')[1].startsWith('T');
    await until(() => readdirSync(`/proc/${this.pid}/task`).every(stands), 'the server stands still');
  }
  /** SIGCONT. */
  thaw() {
    this.#child.kill('SIGCONT');
  }

  /** Bytes of its memory, as /proc tells: 'VmRSS' now, 'VmHWM' at most. */
  async memory(which = 'VmRSS') {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  }

  /** Waits for the end of a server that should end by itself, and resolves to {code, signal}. */
  async ended(ms = 10000) {
    this.#expected_to_end = true;
    return within(this.#ended, 'an end of the server', ms);
  }

  /** An error that carries the end of what the server printed. */
  failure(message) {
    const lines = `${this.stdout}${this.stderr}`.trimEnd().split('\n').slice(-log_tail_lines);
    return new Error(`${message}\n--- end of its output ---\n${lines.join('\n')}`);
  }

  /** Sends SIGTERM. Returns {code, signal, milliseconds}. Fails after `ms`, killing it. */
  async terminate(ms = 5000) {
    const begin = Date.now();
    this.#expected_to_end = true;
    this.#child.kill('SIGTERM');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
    }, ms);
    const how = await this.#ended;
    clearTimeout(timer);
    if (late) throw this.failure(`the server did not end within ${ms} ms after SIGTERM`);
    return { ...how, milliseconds: Date.now() - begin };
  }

  /** Stops the server and fails unless it ended in order: exit code 0 and no sanitizer report. */
  async stop() {
    process.removeListener('exit', this.#kill_on_exit);
    const { code, signal } = await this.terminate();
    const report = this.stderr.search(sanitizer_report);
    if (report >= 0) throw new Error(`sanitizer report:\n${this.stderr.slice(report, report + 6000)}`);
    if (code !== 0) throw this.failure(`the server ended with code ${code}, signal ${signal}`);
  }

  /** SIGKILL, for servers that must vanish without a word. */
  async kill() {
    process.removeListener('exit', this.#kill_on_exit);
    this.#expected_to_end = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/**
 * Starts a server with `settings` ({'limits.max_connections': 2, ...}) and waits until it listens.
 * `file` is a configuration file for what settings cannot say; `environment` is added to that of this process;
 * `on_spawned` hears of the process before it is ready.
 */
export async function start_server(settings = {}, { file = undefined, environment = undefined, on_spawned = undefined } = {}) {
  const started = new server(settings, file, environment);
  on_spawned?.(started.pid);
  try {
    await started.ready();
  } catch (error) {
    await started.kill();
    throw started.failure(error.message);
  }
  return started;
}

/** Starts a server that must refuse to start, and resolves to {code, stdout, stderr}. */
export async function refused_start(settings, { file = undefined } = {}) {
  const started = new server(settings, file);
  try {
    const { code } = await started.ended();
    return { code, stdout: started.stdout, stderr: started.stderr };
  } catch (error) {
    throw started.failure(error.message);
  } finally {
    await started.kill();
  }
}
