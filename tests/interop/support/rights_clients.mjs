// Clients of each dialect behind one interface, for the tests of rights: the providers that people run, a JSON client,
// and requests over HTTP.
//
// A kind of client has `needs`, the right for each operation, `refused`, how the dialect refuses each, and `ended`, what
// a client sees whose right to read the document is missing, when it joins and afterwards, or taken back. Its methods:
//   join()            resolves to 'done' once it has the document, else to how it was refused
//   act(name, mark)   carries out an operation that leaves the mark, and resolves once the server has handled it: to a
//                     function that says what the client has seen of it, 'done' or how it was refused
//   push(value)       appends to the array `load`, without waiting
//   come_back()       joins again after it was closed, as such a client does, and resolves as join()
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';

import { yjs_client } from './clients.mjs';
import { message } from './frames.mjs';
import { hocuspocus_client, hocuspocus_frame } from './hocuspocus_client.mjs';
import { base64, json_client } from './json_client.mjs';
import { until } from './wait.mjs';
import { y_sweet_client } from './y_sweet_client.mjs';

/** The text that each document holds, and the mark that somebody shows in it. */
export const seed = 'the seed of the document';
export const watcher_mark = 'the watcher';

/** Who may read is answered by the presence of others. */
const query_frame = new Uint8Array([message.query_awareness]);

/** One change of two parts; half of it must never be seen. */
const write_mark = (doc, mark) =>
  doc.transact(() => {
    doc.getMap('marks').set(`${mark} 1`, true);
    doc.getMap('marks').set(`${mark} 2`, true);
  });
export const mark_edits = (mark) => [1, 2].map((part) => ({ op: 'set', path: ['marks', `${mark} ${part}`], value: true }));

/** The update by which a document of its own makes a change. */
export function update_of(change) {
  const doc = new Y.Doc();
  change(doc);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}
export const mark_update = (mark) => update_of((doc) => write_mark(doc, mark));
const push_update = (value) => update_of((doc) => doc.getArray('load').push([value]));
const push_edits = (value) => [{ op: 'push', path: '/load', values: [value] }];

/** What the clients with a Y.Doc have in common. `client` has {doc, text, awareness}. */
class yjs_kind {
  static needs = { edit: 'write', presence: 'presence' };
  static ended = { join: 'closed 4403', never: 'closed 4403', later: 'closed 4403', closed: 'closed 4403' };
  static keeps_session = true;
  /** It numbers its edits, and fills gaps once it may. */
  static fills_gaps = true;
  /** Refusals of updates, and answers to what fences asked. */
  refusals = 0;
  answers = 0;

  constructor(place) {
    Object.assign(this, place);
  }
  get has_read() {
    const shown = [...this.client.awareness.getStates().values()].map((state) => state.mark);
    return `${this.client.text}` === seed && shown.includes(watcher_mark);
  }
  async join() {
    return until(() => this.ending ?? (this.is_synced && this.has_read ? 'done' : undefined), `${this.constructor.title} joins or is refused`);
  }
  push(value) {
    this.client.doc.getArray('load').push([value]);
  }
  async act(name, mark) {
    const before = this.refusals;
    if (name === 'edit') write_mark(this.client.doc, mark);
    else if (name === 'presence') this.client.awareness.setLocalStateField('mark', mark);
    else this.send_event(mark);
    await this.fence();
    return () => this.ending ?? (name === 'edit' && this.refusals > before ? this.constructor.refused.edit : 'done');
  }
  /** Resolves once all that it has sent is handled, or when it has ended. */
  async fence() {
    const wanted = this.answers + 1;
    this.ask_something();
    await until(() => this.ending || this.answers >= wanted, `${this.constructor.title} is answered`);
  }
  async come_back() {
    this.destroy();
    this.open();
    return this.join();
  }
  destroy() {
    this.client.destroy();
  }
}

export class y_websocket extends yjs_kind {
  static title = 'y-websocket';
  static refused = { edit: 'message 2', presence: 'nothing' };

  open() {
    this.client = new yjs_client(this.server.url, this.document, { params: { token: this.token } });
    const { provider } = this.client;
    const read_presence = provider.messageHandlers[message.awareness];
    provider.messageHandlers[message.awareness] = (...all) => {
      ++this.answers;
      read_presence(...all);
    };
    provider.messageHandlers[message.auth] = () => ++this.refusals;
    return this;
  }
  get is_synced() {
    return this.client.provider.synced;
  }
  get ending() {
    const last = this.client.closes.at(-1);
    return last && !this.client.provider.wsconnected ? `closed ${last.code}` : undefined;
  }
  ask_something() {
    this.client.provider.ws?.send(query_frame);
  }
}

export class y_sweet extends yjs_kind {
  static title = 'y-sweet';
  static refused = { edit: 'message 2', presence: 'nothing' };

  open() {
    const at = `${this.server.host}:${this.server.port}/y-sweet/d/${this.document}`;
    const token = { url: `ws://${at}/ws`, baseUrl: `http://${at}`, docId: this.document, token: this.token };
    this.client = new y_sweet_client(this.server, this.document, { token: async () => token });
    const { provider } = this.client;
    const read = provider.receiveMessage;
    provider.receiveMessage = function (event) {
      const [type] = new Uint8Array(event.data);
      if (type === message.awareness) ++this.kind.answers;
      if (type === message.auth) ++this.kind.refusals;
      read.call(this, event);
    };
    provider.kind = this;
    provider.on('connection-close', ({ code }) => code === 4403 && this.give_up());
    return this;
  }
  /** It would go on connecting. */
  give_up() {
    Object.assign(this.client.provider, { connect: async () => {}, attemptToConnect: async () => true });
  }
  destroy() {
    this.give_up();
    super.destroy();
  }
  get is_synced() {
    return this.client.is_connected;
  }
  get ending() {
    const last = this.client.closes.at(-1);
    return last && !this.client.is_connected ? `closed ${last.code}` : undefined;
  }
  ask_something() {
    this.client.provider.send(query_frame);
  }
}

export class hocuspocus extends yjs_kind {
  static title = 'Hocuspocus';
  static needs = { edit: 'write', presence: 'presence', event: 'presence' };
  static refused = { edit: 'status 0', presence: 'nothing', event: 'nothing' };
  static ended = { join: 'denied: No right to this document', never: 'denied: No right to this document', later: 'denied: Access was revoked', closed: 'denied: Access was revoked' };
  /** Updates that were sent. */
  owed = 1;

  open() {
    this.client = new hocuspocus_client(`${this.server.url}/hocuspocus`, this.document, { token: this.token, onMessage: ({ event }) => this.hear(new Uint8Array(event.data)) });
    return this;
  }
  hear(frame) {
    const decoder = decoding.createDecoder(frame);
    decoding.readVarString(decoder);
    if (decoding.readVarUint(decoder) !== 8) return;
    if (decoding.readVarUint(decoder) === 0) ++this.refusals;
    ++this.answers;
  }
  /** The answer to the server's question at the start is acknowledged, too. */
  get is_synced() {
    return this.client.provider.synced && this.client.provider.isAuthenticated && this.answers >= this.owed;
  }
  get ending() {
    const { closes } = this.client.socket;
    if (closes.length > 0) return `closed ${closes.at(-1).code}`;
    return this.client.denied.length > 0 && !this.client.provider.isAuthenticated ? `denied: ${this.client.denied.at(-1)}` : undefined;
  }
  send_raw(...parts) {
    this.client.socket.provider.webSocket?.send(hocuspocus_frame(this.document, ...parts));
  }
  send_event(mark) {
    this.client.provider.sendStateless(mark);
  }
  push(value) {
    if (!this.ending) ++this.owed;
    super.push(value);
  }
  /** Each update has one answer, in their order, and so has one with nothing in it. */
  async fence() {
    ++this.owed;
    this.send_raw(0, 2, 2, new Uint8Array([0, 0]));
    await until(() => this.ending || this.answers >= this.owed, 'the provider is answered', 5000, () => `${this.answers} of ${this.owed}`);
  }
  /** One that was denied sends no more by itself; the server drops what comes all the same. */
  async act(name, mark) {
    if (!this.ending) {
      if (name === 'edit') ++this.owed;
      return super.act(name, mark);
    }
    const update = mark_update(mark);
    this.send_raw(0, 2, update.length, update);
    return () => this.ending;
  }
  /** It shows its token again, on the same socket. */
  async come_back() {
    this.client.denied.length = this.answers = 0;
    this.owed = 1;
    await this.client.provider.sendToken();
    this.client.provider.startSync();
    return this.join();
  }
}

/** On a socket with the document in its address. */
export class json extends yjs_kind {
  static title = 'JSON';
  static fills_gaps = false;
  static needs = { contents: 'read', edit: 'write', operations: 'write', presence: 'presence', event: 'presence' };
  static refused = { edit: 'FORBIDDEN', operations: 'FORBIDDEN', presence: 'FORBIDDEN', event: 'FORBIDDEN' };

  get path() {
    return `/${this.document}`;
  }
  open() {
    this.client = new json_client(this.server.url, `${this.path}?token=${this.token}`);
    return this;
  }
  get ending() {
    const end = this.client.raw.closed_with;
    return end && `closed ${end.code}`;
  }
  /** The code of the error that answers a message; 'done' for an ack; else how the session ended. */
  async ask(type, payload) {
    if (this.ending) return this.ending;
    const messageId = `r-${++json.messages}`;
    this.client.send({ type, docName: this.document, payload, messageId });
    const answer = await until(() => this.client.answers(messageId)[0] ?? this.ending, `an answer to ${type}`);
    if (typeof answer === 'string') return answer;
    return answer.type === 'ack' ? 'done' : answer.payload.code;
  }
  static messages = 0;
  async join() {
    await Promise.race([this.client.raw.opened, this.client.raw.closed]);
    const answer = await this.ask('sync', {});
    if (answer !== 'done') return answer;
    const shown = [...this.client.presence(this.document).values()].map((state) => state.mark);
    return this.client.text(this.document) === seed && shown.includes(watcher_mark) ? 'done' : 'something else';
  }
  async act(name, mark) {
    const answer = await this.#operate(name, mark);
    return () => answer;
  }
  #operate(name, mark) {
    if (name === 'contents') return this.ask('sync', { as: 'json', root: 'text' });
    if (name === 'edit') return this.ask('update', { update: base64(mark_update(mark)) });
    if (name === 'operations') return this.ask('update', { edit: mark_edits(mark) });
    if (name === 'presence') return this.ask('presence', { mark });
    return this.ask('update', { event: 'mark', mark });
  }
  async fence() {
    await this.ask('sync', {});
  }
  /** Operations and updates in turn. */
  push(value) {
    if (this.ending || !this.client.raw.socket.readyState) return;
    const payload = (this.turn = !this.turn) ? { edit: push_edits(value) } : { update: base64(push_update(value)) };
    this.client.send({ type: 'update', docName: this.document, payload });
  }
  destroy() {
    this.client.destroy();
    this.client.check();
  }
}

/** On a socket without a document of its own: a document that is forbidden leaves the others alone. */
export class json_further extends json {
  static title = 'JSON, one document of several';
  static ended = { join: 'FORBIDDEN', never: 'NOT_JOINED', later: 'NOT_JOINED', contents: 'FORBIDDEN', closed: 'closed 4403' };

  get path() {
    return '/';
  }
  /** Where the session has ended it takes another one. */
  come_back() {
    return this.ending ? super.come_back() : this.join();
  }
}
