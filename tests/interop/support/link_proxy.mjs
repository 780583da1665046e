// A TCP proxy in front of the cluster port of each node, which can cut, delay and slow down what one node says to another.
//
// All nodes are told the same address of a node, that of its proxy, since nodes tell each other addresses. Who dials is
// found out by the socket: the system knows which process it belongs to (/proc), whatever the nodes speak. So each pair of
// nodes, and each direction of it, has a line of its own that can be disturbed alone. What nobody known has dialled (a
// tool, say) passes as from `outside`.
//
// Bytes are never lost or reordered within a connection, as in TCP: what a cut line swallows arrives after the heal, or
// the connection ends meanwhile because a node gives up, and the other side hears of that after the heal, too.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';

const queue_size_max = 256 * 1024; // then TCP holds the sender back
const slice_size = 4096; // of a slow line
export const outside = 'outside';

/** The inode of the socket on this machine from `local_port` to `remote_port` on loopback. */
function inode_of(local_port, remote_port) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hex(local_port)}`) && remote.endsWith(`:${hex(remote_port)}`) && local.startsWith('0100007F')) return inode;
  }
  return undefined;
}

/** Whether a process has the socket of this inode open. */
function has_socket(pid, inode) {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`;
      } catch {
        return false; // closed meanwhile
      }
    });
  } catch {
    return false; // the process has ended
  }
}

/** What becomes of bytes from one node to another. */
class line {
  is_held = false;
  delay_ms = 0;
  bytes_per_second = Infinity;
  /** All that passed. */
  bytes = 0;
  #free_at = 0;

  /** When so many bytes, which came now, are through. */
  due(size) {
    const now = performance.now();
    this.#free_at = Math.max(now, this.#free_at) + (1000 * size) / this.bytes_per_second;
    return Math.max(now, this.#free_at) + this.delay_ms;
  }
  heal() {
    Object.assign(this, { is_held: false, delay_ms: 0, bytes_per_second: Infinity });
    this.#free_at = 0;
  }
}

/** One direction of one connection. */
class pump {
  #queue = []; // {due, bytes}, and how it ends: {due, bytes: undefined, is_broken}
  #size = 0;
  #timer;
  #waits_for_drain = false;

  constructor(source, sink, of) {
    Object.assign(this, { source, sink, line: of });
    source.on('data', (bytes) => this.#take(bytes));
    source.on('end', () => this.#put(undefined, false));
    source.on('error', () => {}); // a 'close' always follows
    source.on('close', (is_broken) => this.#put(undefined, is_broken));
    sink.on('drain', () => {
      this.#waits_for_drain = false;
      this.flush();
    });
  }

  #take(bytes) {
    const step = Number.isFinite(this.line.bytes_per_second) ? slice_size : bytes.length;
    for (let at = 0; at < bytes.length; at += step) this.#put(bytes.subarray(at, at + step));
    if (this.#size > queue_size_max) this.source.pause();
  }
  #put(bytes, is_broken = false) {
    this.#queue.push({ due: this.line.due(bytes?.length ?? 0), bytes, is_broken });
    this.#size += bytes?.length ?? 0;
    this.flush();
  }

  flush() {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0 && !this.line.is_held && !this.#waits_for_drain && !this.sink.destroyed) {
      const { due, bytes, is_broken } = this.#queue[0];
      const wait = due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), wait);
        break;
      }
      this.#queue.shift();
      if (bytes === undefined) {
        if (is_broken) this.sink.resetAndDestroy();
        else this.sink.end();
        continue;
      }
      this.#size -= bytes.length;
      this.line.bytes += bytes.length;
      this.#waits_for_drain = !this.sink.write(bytes);
    }
    if (this.#size <= queue_size_max) this.source.resume();
  }
  stop() {
    clearTimeout(this.#timer);
    this.#queue = [];
  }
}

export class link_network {
  #nodes = new Map(); // name → {listener, port, process}
  #lines = new Map(); // 'a>b' → line
  #connections = new Set(); // {from, to, sockets, pumps}
  #refused = new Set(); // 'a|b': pairs that cannot connect

  /** Puts a proxy in front of the port of a node; resolves to the port that others shall dial. `process` tells its pid. */
  async add(name, listen_port, process, port = 0) {
    const listener = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(name, listen_port, socket));
    await new Promise((resolve, reject) => listener.once('error', reject).listen(port, '127.0.0.1', resolve));
    this.#nodes.set(name, { listener, process, port: listener.address().port });
    return listener.address().port;
  }

  /** The line on which `from` speaks to `to`. */
  line(from, to) {
    const key = `${from}>${to}`;
    if (!this.#lines.has(key)) this.#lines.set(key, new line());
    return this.#lines.get(key);
  }

  /** Who dialled: the node whose process has the other end of the socket. */
  #dialler(socket) {
    const inode = inode_of(socket.remotePort, socket.localPort);
    if (inode === undefined) return undefined; // it has gone already
    for (const [name, { process }] of this.#nodes) if (process() !== undefined && has_socket(process(), inode)) return name;
    return outside;
  }

  #accept(to, listen_port, socket) {
    const from = this.#dialler(socket);
    if (from === undefined || this.#refused.has(pair_of(from, to))) return socket.resetAndDestroy();
    const onward = net.connect({ port: listen_port, host: '127.0.0.1', allowHalfOpen: true });
    for (const each of [socket, onward]) each.setNoDelay(true);
    const connection = { from, to, sockets: [socket, onward] };
    connection.pumps = [new pump(socket, onward, this.line(from, to)), new pump(onward, socket, this.line(to, from))];
    this.#connections.add(connection);
    let open = 2;
    for (const each of connection.sockets) each.once('close', () => --open === 0 && this.#connections.delete(connection));
  }

  #flush() {
    for (const { pumps } of this.#connections) for (const each of pumps) each.flush();
  }

  /** Nothing that `from` says reaches `to`; the other direction stays. */
  hold(from, to) {
    this.line(from, to).is_held = true;
  }
  /** Nothing passes between two nodes. */
  cut(a, b) {
    this.hold(a, b);
    this.hold(b, a);
  }
  /** Nothing passes between two groups of nodes. */
  partition(group, others) {
    for (const a of group) for (const b of others) this.cut(a, b);
  }
  /** A line that is slow, in both directions. */
  slow(a, b, { delay_ms = 0, bytes_per_second = Infinity }) {
    for (const each of [this.line(a, b), this.line(b, a)]) Object.assign(each, { delay_ms, bytes_per_second });
  }
  /** Breaks the connections of two nodes; they may dial again. */
  reset(a, b) {
    for (const { from, to, sockets, pumps } of [...this.#connections]) {
      if (pair_of(from, to) !== pair_of(a, b)) continue;
      for (const each of pumps) each.stop();
      for (const each of sockets) each.resetAndDestroy();
    }
  }
  /** Breaks them, and lets none be made until the heal. */
  refuse(a, b) {
    this.#refused.add(pair_of(a, b));
    this.reset(a, b);
  }
  /** Everything passes again. */
  heal() {
    this.#refused.clear();
    for (const each of this.#lines.values()) each.heal();
    this.#flush();
  }

  /** The pairs that are connected now, as 'a|b', sorted. */
  connected() {
    return [...new Set([...this.#connections].map(({ from, to }) => pair_of(from, to)))].sort();
  }
  /** How many bytes have passed on all lines. */
  get bytes() {
    return [...this.#lines.values()].reduce((sum, each) => sum + each.bytes, 0);
  }

  close() {
    for (const { sockets, pumps } of this.#connections) {
      for (const each of pumps) each.stop();
      for (const each of sockets) each.destroy();
    }
    for (const { listener } of this.#nodes.values()) listener.close();
  }
}

const pair_of = (a, b) => [a, b].sort().join('|');
