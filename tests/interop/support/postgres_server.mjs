// A PostgreSQL server in a folder, on a socket there, from the programs of Debian's package `postgresql`. It can be killed
// and started again.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const base = '/usr/lib/postgresql';
const versions = existsSync(base) ? readdirSync(base).filter((name) => existsSync(path.join(base, name, 'bin/initdb'))) : [];
const programs = versions.length > 0 ? path.join(base, versions.sort().at(-1), 'bin') : undefined;

/** PostgreSQL does not run as root; it is then the package's own user. */
function other_user() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: id('-u'), gid: id('-g') };
}

export const can_run_postgres = programs !== undefined && spawnSync('id', ['postgres']).status === 0;

export class postgres_server {
  #child;
  #ended;
  #log = '';

  /** `folder`: is made if it is not there. `options`: settings such as 'fsync=off'. */
  constructor(folder, options = []) {
    this.folder = folder;
    this.options = options;
    this.user = other_user();
    this.data = path.join(folder, 'data');
    this.url = `postgresql://postgres@/postgres?host=${encodeURIComponent(folder)}`;
    mkdirSync(folder, { recursive: true });
    if (this.user.uid) chownSync(folder, this.user.uid, this.user.gid);
    const made = spawnSync(path.join(programs, 'initdb'), ['-D', this.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'], { ...this.user, cwd: folder });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    // However the process ends, its database does not outlive it.
    process.once('exit', () => this.#child?.kill('SIGQUIT'));
  }

  /** Returns when it can be connected to. */
  async start() {
    const args = ['-D', this.data, '-k', this.folder, '-c', 'listen_addresses=', ...this.options.flatMap((option) => ['-c', option])];
    for (let attempt = 1; ; ++attempt) {
      this.#log = '';
      this.#child = spawn(path.join(programs, 'postgres'), args, { ...this.user, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
      this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#log += text));
      let has_ended = false;
      this.#ended = new Promise((resolve) => this.#child.once('exit', resolve)).then(() => (has_ended = true));
      while (!has_ended && !this.#log.includes('ready to accept connections')) await pause(10);
      if (!has_ended) return this;
      // A process of the one before may not have noticed yet that it has ended.
      if (attempt === 20) throw new Error(`PostgreSQL does not start: ${this.#log}`);
      await pause(100);
    }
  }

  #signal_all(signal) {
    const { pid } = this.#child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    for (const each of [pid, ...children.map(Number)])
      try {
        process.kill(each, signal);
      } catch {} // it has ended by itself
  }

  /** SIGKILL for all of its processes. */
  async kill() {
    this.#signal_all('SIGKILL');
    await this.#ended;
  }

  /** None of its processes does anything until thaw(). */
  freeze() {
    this.#signal_all('SIGSTOP');
  }
  thaw() {
    this.#signal_all('SIGCONT');
  }

  /** Without a checkpoint (PostgreSQL's immediate shutdown). */
  shut_down_immediately() {
    return this.#stop('SIGQUIT');
  }

  stop() {
    return this.#stop('SIGINT');
  }

  async #stop(signal) {
    this.#child.kill(signal);
    await this.#ended;
  }
}
