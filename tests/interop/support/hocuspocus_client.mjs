// Clients of the Hocuspocus dialect: the providers that people run, unchanged, and the bytes of their frames for raw
// sockets. Several providers may share a socket.
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

import { until } from './wait.mjs';

/** A browser's socket throws nothing when it is closed before it is open; that of `ws` does, unless somebody listens. */
class quiet_socket extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
  }
}

const packages = {
  '2.15.3': await import('hocuspocus-provider-2'),
  '3.4.4': await import('hocuspocus-provider-3'),
  '4.8.0': await import('hocuspocus-provider-4'),
};

/** The versions of @hocuspocus/provider, the oldest first. */
export const versions = Object.keys(packages);
export const newest = versions.at(-1);

/** A socket that providers of one version share. Options go to HocuspocusProviderWebsocket. */
export class hocuspocus_socket {
  constructor(url, { version = newest, ...options } = {}) {
    this.version = version;
    this.closes = [];
    this.provider = new packages[version].HocuspocusProviderWebsocket({
      url, WebSocketPolyfill: quiet_socket, delay: 100, minDelay: 100, maxDelay: 300, factor: 1, jitter: false, ...options,
    });
    this.provider.on('close', ({ event }) => this.closes.push({ code: event.code, reason: `${event.reason}` }));
  }
  get is_open() {
    return this.provider.webSocket?.readyState === WebSocket.OPEN;
  }
  /** Ends the connection without a word, as a killed process would; it comes back by itself. */
  drop() {
    this.provider.webSocket?._socket?.destroy();
  }
  /** The same, and it does not come back. */
  vanish() {
    this.provider.shouldConnect = false;
    this.drop();
  }
  connect() {
    return this.provider.connect();
  }
  disconnect() {
    this.provider.disconnect();
  }
  /** Provider 3 connects `delay` after a close, destroyed or not, and then for ever: the process would not end. */
  destroy() {
    this.provider.connect = () => {};
    this.provider.destroy();
  }
}

/**
 * A provider of one document: {doc, text, provider, awareness, socket, denied, closed, stateless}. `denied`, `closed` and
 * `stateless` collect what the server says of this document. `socket`: to share one; all else goes to HocuspocusProvider.
 */
export class hocuspocus_client {
  constructor(url, document, { version = newest, socket, doc = new Y.Doc(), token = 'any', ...options } = {}) {
    this.version = socket?.version ?? version;
    this.doc = doc;
    this.socket = socket ?? new hocuspocus_socket(url, { version });
    this.owns_socket = !socket;
    Object.assign(this, { denied: [], closed: [], stateless: [], scopes: [], synced_count: 0 });
    this.provider = new packages[this.version].HocuspocusProvider({
      websocketProvider: this.socket.provider,
      name: document,
      document: doc,
      token,
      onAuthenticationFailed: ({ reason }) => this.denied.push(reason),
      onAuthenticated: () => this.scopes.push(this.provider.authorizedScope ?? this.provider.authorizedScope),
      onStateless: ({ payload }) => this.stateless.push(payload),
      onSynced: () => ++this.synced_count,
      onClose: ({ event }) => this.closed.push(`${event.reason}`),
      ...options,
    });
    // Version 2 attaches by itself.
    if (this.version[0] !== '2') this.provider.attach();
    this.awareness = this.provider.awareness;
  }
  get text() {
    return this.doc.getText('text');
  }
  /** Whether the provider says that the server has all. */
  get is_saved() {
    return !this.provider.hasUnsyncedChanges;
  }
  async synced(ms = 5000) {
    await until(() => this.provider.synced, `a provider ${this.version} is synced`, ms, () => JSON.stringify([this.denied, this.closed, this.socket.closes]));
    return this;
  }
  async saved(ms = 5000) {
    await until(() => this.is_saved, `a provider ${this.version} has nothing unsynced`, ms, () => `${this.provider.unsyncedChanges}`);
    return this;
  }
  /** The names of those whom it sees, sorted. */
  seen() {
    return [...this.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort();
  }
  destroy() {
    this.provider.destroy();
    if (this.owns_socket) this.socket.destroy();
    this.doc.destroy();
  }
}

/** The bytes of a message of the dialect, for raw sockets: an address, then numbers as varUint, texts as varString, bytes as they are. */
export function hocuspocus_frame(address, ...parts) {
  const out = encoding.createEncoder();
  encoding.writeVarString(out, address);
  for (const part of parts) {
    if (typeof part === 'number') encoding.writeVarUint(out, part);
    else if (typeof part === 'string') encoding.writeVarString(out, part);
    else encoding.writeUint8Array(out, part);
  }
  return encoding.toUint8Array(out);
}
