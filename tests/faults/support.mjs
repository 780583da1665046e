// What the fault tests share: a store in a folder of its own, the built server on it, editors of both
// dialects that note what was acknowledged, and the checker: whatever was acknowledged is there, once,
// and nothing is there that nobody wrote ("set-full").
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Y, raw_socket, yjs_client } from '../interop/support/clients.mjs';
import { update_in } from '../interop/support/frames.mjs';
import { binary_path, start_server } from '../interop/support/server.mjs';
import { pause, until } from '../interop/support/wait.mjs';

/** The value of --NAME on the command line, else `otherwise`. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

/** Random numbers that a run can repeat: `seed` is printed with the results. */
export function random_from(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A folder that is gone at the end of the process. */
export function folder_of_test(name) {
  const folder = mkdtempSync(path.join(tmpdir(), `troupe-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const settings_of = (directory, more = {}) => ({
  'storage.engine': 'rocksdb',
  'storage.path': directory,
  'storage.write_buffer_size': '64KiB',
  'document.idle_grace': '0s',
  'document.fold_after': '20ms',
  'limits.messages_per_second': 1000000,
  'limits.message_burst': 1000000,
  'limits.edit_burst': 1000000,
  ...more,
});

/** Starts a server, with `environment` only for it. */
export const server_with = (settings, environment = {}) => start_server(settings, { environment });

/**
 * A disk of 64 MiB in `folder` that can be filled and freed: {directory, environment, is_mounted, fill(), free()}. A file
 * system of its own (tmpfs) where this may mount one; else writes into `directory` fail as if there were no space left.
 */
export function small_disk(folder) {
  const disk = path.join(folder, 'disk');
  const directory = path.join(disk, 'data');
  mkdirSync(disk, { recursive: true });
  const is_mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]).status === 0;
  if (is_mounted) process.prependOnceListener('exit', () => spawnSync('umount', ['-l', disk]));
  const ballast = is_mounted ? path.join(disk, 'ballast') : path.join(folder, 'full');
  const environment = is_mounted
    ? {}
    : { LD_PRELOAD: process.env.KILL_AT_LIBRARY ?? '', TROUPE_FAULT_PATH: directory, TROUPE_FULL_WHILE: ballast };
  const fill = () => {
    if (!is_mounted) return writeFileSync(ballast, '');
    const block = Buffer.alloc(1 << 20);
    for (const size of [1 << 20, 4096, 1]) {
      try {
        for (;;) writeFileSync(ballast, block.subarray(0, size), { flag: 'a' });
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
    }
  };
  return { directory, environment, is_mounted, fill, free: () => rmSync(ballast) };
}

/** Runs `troupe storage ARGS --json`; {code, report, err}. */
export function storage_tool(...args) {
  const run = spawnSync(binary_path(), ['storage', ...args, '--json'], { timeout: 60_000, maxBuffer: 1 << 28 });
  const out = run.stdout.toString();
  return { code: run.status, report: out ? JSON.parse(out) : undefined, err: run.stderr.toString() };
}

/** What was written and what of it was acknowledged, by document. */
export class ledger {
  #documents = new Map();
  written = 0;
  acknowledged = 0;
  #lost = new Set();

  of(document) {
    if (!this.#documents.has(document)) this.#documents.set(document, { written: new Set(), acknowledged: new Set() });
    return this.#documents.get(document);
  }
  write(document, id) {
    this.of(document).written.add(id);
    ++this.written;
  }
  acknowledge(document, id) {
    const { acknowledged } = this.of(document);
    if (!acknowledged.has(id)) ++this.acknowledged;
    acknowledged.add(id);
  }
  names() {
    return [...this.#documents.keys()];
  }

  /** How many acknowledged updates were missing in any of the checks. */
  get lost() {
    return this.#lost.size;
  }

  /** Problems with what a document holds now; none if it is right. */
  problems(document, found) {
    const { written, acknowledged } = this.of(document);
    const there = new Set(found);
    const problems = [];
    if (there.size !== found.length) problems.push(`${document}: ${found.length - there.size} updates are there twice`);
    const lost = [...acknowledged].filter((id) => !there.has(id));
    for (const id of lost) this.#lost.add(`${document} ${id}`);
    if (lost.length > 0) problems.push(`${document}: ${lost.length} acknowledged updates are lost, the first is ${lost[0]}`);
    const foreign = found.filter((id) => !written.has(id));
    if (foreign.length > 0) problems.push(`${document}: ${foreign.length} updates that nobody wrote, the first is ${foreign[0]}`);
    return problems;
  }
}

const filler = 'x'.repeat(120);

/** Adds ids to the list of a document as a y-websocket client; an echo of its own update acknowledges it. */
export class binary_editor {
  constructor(url, document, name, book) {
    this.client = new yjs_client(url, document);
    this.document = document;
    this.name = name;
    this.book = book;
    this.count = 0;
    this.waiting = []; // {end, id}: acknowledged once an echo covers the clock before `end`
    this.client.provider.on('status', ({ status }) => {
      if (status !== 'connected') return;
      this.client.provider.ws.on('message', (bytes) => this.#hear(new Uint8Array(bytes)));
    });
  }
  get outstanding() {
    return this.waiting.length;
  }
  async open() {
    await this.client.synced();
    return this;
  }
  add() {
    const id = `${this.name}-${++this.count}`;
    this.book.write(this.document, id);
    const { doc } = this.client;
    doc.getArray('list').push([`${id} ${filler}`]);
    this.waiting.push({ end: Y.getState(doc.store, doc.clientID), id });
  }
  #hear(frame) {
    const update = update_in(frame);
    if (!update) return;
    let end = 0;
    for (const struct of Y.decodeUpdate(update).structs)
      if (struct.id.client === this.client.doc.clientID) end = Math.max(end, struct.id.clock + struct.length);
    while (this.waiting.length > 0 && this.waiting[0].end <= end) this.book.acknowledge(this.document, this.waiting.shift().id);
  }
  destroy() {
    this.client.destroy();
  }
}

/** The same as a JSON session; its acknowledgement is an `ack`. */
export class json_editor {
  constructor(url, document, name, book) {
    this.raw = new raw_socket(url, `/${encodeURIComponent(document)}`);
    this.document = document;
    this.name = name;
    this.book = book;
    this.count = 0;
    this.waiting = new Set();
    this.doc = new Y.Doc();
    this.raw.socket.on('message', (data, is_binary) => {
      if (is_binary) return;
      const message = JSON.parse(data.toString());
      if (message.type !== 'ack') return;
      const id = message.payload.messageId;
      if (this.waiting.delete(id)) this.book.acknowledge(this.document, id);
    });
    this.doc.on('update', (update) => {
      const payload = { update: Buffer.from(update).toString('base64') };
      this.raw.send(JSON.stringify({ type: 'update', payload, messageId: `${this.name}-${this.count}` }));
    });
  }
  get outstanding() {
    return this.waiting.size;
  }
  async open() {
    await this.raw.open();
    this.raw.send(JSON.stringify({ type: 'sync', messageId: `${this.name}-join` }));
    await this.raw.frame((frame) => typeof frame === 'string' && frame.includes(`${this.name}-join`), 'a JSON session has joined');
    return this;
  }
  add() {
    const id = `${this.name}-${++this.count}`;
    this.book.write(this.document, id);
    this.waiting.add(id);
    this.doc.getArray('list').push([`${id} ${filler}`]);
  }
  destroy() {
    this.raw.destroy();
    this.doc.destroy();
  }
}

/** Keeps up to `outstanding` updates unacknowledged until `is_over()`. */
export async function edit_until(editor, is_over, outstanding = 8) {
  while (!is_over()) {
    if (editor.outstanding < outstanding) editor.add();
    await (editor.outstanding < outstanding ? pause(0) : pause(1));
  }
}

/** The ids in a document, as a new client sees them. */
export async function ids_in(url, document) {
  const reader = await new yjs_client(url, document).synced(20000);
  const found = reader.doc.getArray('list').toArray().map((text) => text.split(' ')[0]);
  reader.destroy();
  return found;
}

/** One line of the table: what was done, how often, and what came of it. */
export function report(what, counts, problems) {
  const text = Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(', ');
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${what}: ${text}`);
  for (const problem of problems.slice(0, 20)) console.log(`     ${problem}`);
  process.exitCode = problems.length === 0 ? process.exitCode ?? 0 : 1;
}

export { pause, until };
