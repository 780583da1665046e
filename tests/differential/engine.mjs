// The engine behind its pipe (engine_pipe.cpp), as an object with promises.
import { spawn } from 'node:child_process';

const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const with_length = (bytes) => Buffer.concat([u32(bytes.length), bytes]);

export class Engine {
  #process;
  #waiting = [];
  #input = Buffer.alloc(0);
  #next = 1;

  constructor(binary) {
    this.#process = spawn(binary, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdout.on('data', (chunk) => this.#read(chunk));
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting) reject(new Error(`the engine ended (code ${code}, signal ${signal})`));
      this.#waiting = [];
    });
  }

  #read(chunk) {
    this.#input = this.#input.length ? Buffer.concat([this.#input, chunk]) : chunk;
    while (this.#input.length >= 4) {
      const size = this.#input.readUInt32LE(0);
      if (this.#input.length < 4 + size) return;
      const status = this.#input[4];
      const body = new Uint8Array(this.#input.subarray(5, 4 + size));
      this.#input = this.#input.subarray(4 + size);
      const { resolve, reject } = this.#waiting.shift();
      if (status === 0) resolve(body);
      else reject(new Error(Buffer.from(body).toString()));
    }
  }

  #call(operation, number, ...parts) {
    const body = Buffer.concat([Buffer.from(operation), u32(number), ...parts.map(with_length)]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(with_length(body));
    });
  }

  /** A document of the engine; every method is a promise of bytes or text. */
  async doc({ gc = true } = {}) {
    const number = this.#next++;
    await this.#call(gc ? 'n' : 'N', number);
    const text = async (operation, root) => Buffer.from(await this.#call(operation, number, Buffer.from(root))).toString();
    const empty = new Uint8Array([0]);
    return {
      apply: (update, v2 = false) => this.#call(v2 ? 'A' : 'a', number, update),
      encode: (vector = empty, v2 = false) => this.#call(v2 ? 'E' : 'e', number, vector),
      last_change: () => this.#call('l', number),
      state_vector: () => this.#call('s', number),
      has_pending: async () => (await this.#call('p', number))[0] === 1,
      text: (root) => text('t', root),
      array: async (root) => JSON.parse(await text('j', root)),
      map: async (root) => JSON.parse(await text('m', root)),
      /** Commands of reading_pipe.hpp: a word, then bytes or text. */
      read: (...request) => this.#call('R', number, ...request.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
      begin_edit: (client) => this.#call('b', number, Buffer.from(String(client))),
      edit: (...parts) => this.#call('o', number, ...parts.map((part) => Buffer.from(typeof part === 'number' ? String(part) : part))),
      /** An edit by `client` that brings back what the state `then` showed; whether it changed anything. */
      restore: async (client, then) => (await this.#call('r', number, Buffer.from(String(client)), then))[0] === 1,
      /** Edit operations of a program without Yjs: the update, empty if nothing has changed. */
      operations: (client, edits) => this.#call('q', number, Buffer.from(String(client)), Buffer.from(JSON.stringify(edits))),
      changes: async () => Buffer.from(await this.#call('h', number)).toString().split('\n').slice(0, -1),
      commit: async () => (await this.#call('k', number))[0] === 1,
      free: () => this.#call('f', number),
    };
  }

  merge(updates, v2 = false) { return this.#call(v2 ? 'X' : 'x', 0, ...updates); }
  diff(update, vector, v2 = false) { return this.#call(v2 ? 'D' : 'd', 0, update, vector); }
  to_v2(update) { return this.#call('c', 0, update); }
  to_v1(update) { return this.#call('C', 0, update); }
  state_vector_of(update) { return this.#call('v', 0, update); }

  close() { this.#process.stdin.end(); }
}
