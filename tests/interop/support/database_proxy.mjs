// Stands between one node and the PostgreSQL server of a test, on a socket in a folder of its own: can cut the way, hold
// what goes over it without an end, and slow it down.
import { mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const socket_name = '.s.PGSQL.5432';

export class database_proxy {
  #pairs = new Set();
  #is_cut = false;
  #is_held = false;
  #delay_ms = 0;

  /** `folder`: is made, and removed at the end; `database`: a postgres_server. */
  constructor(folder, database) {
    this.folder = folder;
    this.target = path.join(database.folder, socket_name);
    this.url = `postgresql://postgres@/postgres?host=${encodeURIComponent(folder)}`;
  }

  async start() {
    mkdirSync(this.folder, { recursive: true });
    this.server = net.createServer((from) => this.#connect(from));
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(path.join(this.folder, socket_name), resolve));
    return this;
  }

  #connect(from) {
    if (this.#is_cut) return from.destroy();
    const to = net.connect(this.target);
    const pair = [from, to];
    this.#pairs.add(pair);
    for (const each of pair)
      each.on('error', () => {}).on('close', () => {
        this.#pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    this.#forward(from, to);
    this.#forward(to, from);
  }

  /** In order; what is held goes on when the way is whole again. */
  #forward(from, to) {
    from.on('data', (bytes) => {
      if (this.#delay_ms > 0) setTimeout(() => to.write(bytes), this.#delay_ms);
      else to.write(bytes);
    });
    if (this.#is_held) from.pause();
  }

  /** Connections end, and none is made. */
  cut() {
    this.#is_cut = true;
    for (const pair of this.#pairs) for (const one of pair) one.destroy();
  }
  /** Nothing comes through, and no connection ends. */
  hold() {
    this.#is_held = true;
    for (const pair of this.#pairs) for (const one of pair) one.pause();
  }
  /** Each piece takes so much longer, in each direction. */
  slow(delay_ms) {
    this.#delay_ms = delay_ms;
  }
  heal() {
    this.#is_cut = this.#is_held = false;
    this.#delay_ms = 0;
    for (const pair of this.#pairs) for (const one of pair) one.resume();
  }
  close() {
    this.server?.close();
    for (const pair of this.#pairs) for (const one of pair) one.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
