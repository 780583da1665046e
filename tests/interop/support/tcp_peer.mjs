// A peer that speaks TCP and does everything else by hand, and so can leave things undone: answer no ping, break off in the
// middle, send a byte a second. It is the test's to destroy.
import net from 'node:net';

import { until, within } from './wait.mjs';

export const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** The header of a masked frame whose mask is zero, so that the payload stands as it is. */
function frame_header(kind, size) {
  const length = size < 126 ? [size] : size < 65536 ? [126, size >> 8, size & 255] : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (size >>> by) & 255)];
  return Buffer.from([0x80 | kind, 0x80 | length[0], ...length.slice(1), 0, 0, 0, 0]);
}

export class tcp_peer {
  /** All that came, as it came. */
  received = Buffer.alloc(0);

  constructor(port, host = '127.0.0.1') {
    this.socket = net.connect(port, host);
    this.socket.on('error', () => {}); // a 'close' always follows
    this.socket.on('data', (bytes) => (this.received = Buffer.concat([this.received, bytes])));
    this.opened = new Promise((resolve) => this.socket.once('connect', () => resolve(this)));
    this.ended = new Promise((resolve) => this.socket.once('close', resolve));
    this.is_closed = false;
    this.socket.once('close', () => (this.is_closed = true));
  }

  async open() {
    return within(this.opened, 'a TCP connection');
  }

  /** Sends bytes as they are. */
  write(bytes) {
    this.socket.write(bytes);
  }

  /** Asks for a WebSocket on `path` and resolves to this peer once it was granted. */
  async upgrade(path) {
    await this.open();
    this.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await until(() => this.received.includes('\r\n\r\n'), 'an answer to the upgrade', 5000, () => this.received.toString());
    if (!this.answer().startsWith('HTTP/1.1 101 ')) throw new Error(this.answer());
    return this;
  }

  /** What came, as text: the answer to an HTTP request. */
  answer() {
    return this.received.toString('latin1');
  }

  /** Sends one whole frame; bytes are binary, a string is text. */
  send(payload, kind = typeof payload === 'string' ? opcode.text : opcode.binary) {
    const bytes = Buffer.from(payload);
    this.write(Buffer.concat([frame_header(kind, bytes.length), bytes]));
  }

  /** The whole frames behind the answer to the upgrade: [{kind, payload}]. */
  frames() {
    const bytes = this.received;
    const found = [];
    for (let at = bytes.indexOf('\r\n\r\n') + 4; at + 2 <= bytes.length; ) {
      const short = bytes[at + 1] & 127;
      const head = at + ({ 126: 4, 127: 10 }[short] ?? 2);
      if (head > bytes.length) break;
      const size = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
      if (head + size > bytes.length) break;
      found.push({ kind: bytes[at] & 15, payload: bytes.subarray(head, head + size) });
      at = head + size;
    }
    return found;
  }

  /** Waits until the other side has closed. */
  async end(ms = 5000) {
    return within(this.ended, 'an end of the TCP connection', ms);
  }

  destroy() {
    this.socket.destroy();
  }
}
