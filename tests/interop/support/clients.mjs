// The two kinds of clients: real ones (Y.Doc + WebsocketProvider) and raw sockets for frames that no
// real client would send. Whoever opens one closes it; support/fixture.mjs does so after each test.
import * as Y from 'yjs';
import { WebsocketProvider } from 'y-websocket';
import { WebSocket } from 'ws';

import { until, within } from './wait.mjs';

/** The one yjs of all clients, for those who live outside this folder. */
export { Y };

// Every provider listens for the end of the process; a crowd of them is no leak.
process.setMaxListeners(0);

/**
 * A Yjs client of one document: {doc, provider, awareness, closes}. `closes` collects the close code
 * and reason of every connection that the server ended. Options: `doc` to go on with an existing
 * one, `connect: false` to start offline; all others go to WebsocketProvider.
 */
export class yjs_client {
  constructor(url, document, { doc = new Y.Doc(), ...options } = {}) {
    this.doc = doc;
    this.closes = [];
    this.provider = new WebsocketProvider(url, document, doc, {
      WebSocketPolyfill: WebSocket,
      disableBc: true,
      maxBackoffTime: 500,
      ...options,
    });
    this.awareness = this.provider.awareness;
    this.provider.on('connection-close', (event) => {
      if (event) this.closes.push({ code: event.code, reason: event.reason });
    });
  }

  get text() {
    return this.doc.getText('text');
  }

  /** Resolves to this client once it has the server's state. */
  async synced(ms = 5000) {
    await until(() => this.provider.synced, 'a client is synced', ms, () => JSON.stringify(this.closes));
    return this;
  }

  /** Goes offline; the document may be edited meanwhile. */
  disconnect() {
    this.provider.disconnect();
  }

  connect() {
    this.provider.connect();
  }

  /** Ends the connection without a word, as a killed process would. It does not come back. */
  vanish() {
    const socket = this.provider.ws;
    this.provider.shouldConnect = false;
    socket.terminate();
  }

  /** Frees timers, socket and document. */
  destroy() {
    this.provider.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }
}

/** A plain WebSocket: `frames` holds what arrived (Uint8Array, or string for text frames), `closed_with` its end. */
export class raw_socket {
  constructor(url, path, options = {}) {
    this.frames = [];
    this.socket = new WebSocket(`${url}${path}`, options);
    this.socket.on('message', (data, is_binary) => {
      this.frames.push(is_binary ? new Uint8Array(data) : data.toString());
    });
    this.socket.on('error', () => {}); // a 'close' always follows
    this.opened = new Promise((resolve) => this.socket.once('open', () => resolve(this)));
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve((this.closed_with = { code, reason: reason.toString() })));
    });
  }

  async open(ms = 5000) {
    return within(this.opened, 'an open raw socket', ms);
  }

  /** Sends a binary frame (bytes) or a text frame (string). */
  send(frame) {
    this.socket.send(frame, { binary: typeof frame !== 'string' });
  }

  /** The {code, reason} that the connection ends with. */
  async close_reason(ms = 5000) {
    return within(this.closed, 'a close from the server', ms);
  }

  /** Waits for the first frame that `matches` accepts and returns it. */
  async frame(matches, what, ms = 5000) {
    return until(() => this.frames.find(matches), what, ms, () => `${this.frames.length} frames`);
  }

  destroy() {
    this.socket.terminate();
  }
}
