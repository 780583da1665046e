// Clients of y-sweet's dialect: the provider and the SDK that people run, unchanged.
import { YSweetProvider } from '@y-sweet/client';
import { DocumentManager } from '@y-sweet/sdk';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

import { until } from './wait.mjs';

export { DocumentManager };

/** A browser's socket throws nothing when it is closed before it is open; that of `ws` does, unless somebody listens. */
class quiet_socket extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
  }
}

/** The connection string of a server; `token`: its server token. */
export const connection_string = (server, token = undefined, path = '/y-sweet') =>
  `ys://${token === undefined ? '' : `${encodeURIComponent(token)}@`}${server.host}:${server.port}${path}`;

/** The SDK as a backend uses it. */
export const manager_of = (server, token = undefined, path = undefined) => new DocumentManager(connection_string(server, token, path));

/**
 * A provider of one document: {doc, text, provider, awareness}. `token`: how it gets its client token, by default from the
 * server without a server token; all else goes to YSweetProvider. `changes` collects what it says of local changes, `closes`
 * the end of each connection.
 */
export class y_sweet_client {
  #gate = undefined; // what a client waits for that is offline
  #open_gate;

  constructor(server, document, { doc = new Y.Doc(), token = () => manager_of(server).getClientToken(document), ...options } = {}) {
    this.doc = doc;
    Object.assign(this, { changes: [], closes: [], token_count: 0 });
    const get_token = async () => {
      await this.#gate;
      ++this.token_count;
      return token();
    };
    this.provider = new YSweetProvider(get_token, document, doc, { WebSocketPolyfill: quiet_socket, showDebuggerLink: false, ...options });
    this.awareness = this.provider.awareness;
    this.provider.on('local-changes', (has_any) => this.changes.push(has_any));
    this.provider.on('connection-close', (event) => this.closes.push({ code: event.code, reason: `${event.reason}` }));
  }
  get text() {
    return this.doc.getText('text');
  }
  get is_connected() {
    return this.provider.status === 'connected';
  }
  /** Whether the provider says that the server has all. */
  get is_saved() {
    return !this.provider.hasLocalChanges;
  }
  async synced(ms = 5000) {
    await until(() => this.is_connected, 'a y-sweet client is connected', ms, () => `${this.provider.status} ${JSON.stringify(this.closes)}`);
    return this;
  }
  async saved(ms = 5000) {
    await until(() => this.is_saved, 'a y-sweet client has no local changes', ms, () => `${this.provider.localVersion}, ${this.provider.ackedVersion} acknowledged`);
    return this;
  }
  /** The names of those whom it sees, sorted. */
  seen() {
    return [...this.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort();
  }
  /** Ends the connection without a word, as a killed process would; it comes back by itself, with the token that it has. */
  drop() {
    this.provider.websocket?._socket?.destroy();
  }
  /** The provider comes back from disconnect() by itself: it is offline while its application gives it no token. */
  disconnect() {
    this.#gate ??= new Promise((resolve) => (this.#open_gate = resolve));
    this.provider.clientToken = null;
    this.drop();
  }
  connect() {
    this.#gate = undefined;
    this.#open_gate?.();
  }
  /** Nor does destroy() end it: it would go on connecting. */
  destroy() {
    this.provider.attemptToConnect = async () => true;
    this.disconnect();
    this.provider.websocket?.terminate();
    this.provider.destroy();
    this.provider.clearHeartbeat();
    this.provider.clearConnectionTimeout();
    this.awareness.destroy();
    this.doc.destroy();
  }
}
