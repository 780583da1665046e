// A client of the JSON dialect, as somebody would write it who has read docs/json-dialect.md and has no
// Yjs provider: a WebSocket and JSON. Every frame of the server is checked against the schema.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import * as Y from 'yjs';

import { raw_socket } from './clients.mjs';
import { is_server_message, matches_schema } from './json_schema.mjs';
import { until } from './wait.mjs';

export const base64 = (bytes) => Buffer.from(bytes).toString('base64');
export const from_base64 = (text) => new Uint8Array(Buffer.from(text, 'base64'));

let ids = 0;
/** A message id that no other test uses. */
export const fresh_id = () => `id-${process.pid}-${++ids}`;

/** The update (base64) by which client `client` writes `text` at `index` of the text named `text` of `doc`. */
export function writing(text, { doc = new Y.Doc(), index = 0, client = undefined } = {}) {
  if (client !== undefined) doc.clientID = client;
  const updates = [];
  const collect = (update) => updates.push(update);
  doc.on('update', collect);
  doc.getText('text').insert(index, text);
  doc.off('update', collect);
  return base64(Y.mergeUpdates(updates));
}

/** A socket that speaks JSON. `messages` holds all that came, parsed. */
export class json_client {
  constructor(url, path, options = {}) {
    this.raw = new raw_socket(url, path, options);
    this.speaks_binary = false;
    this.messages = [];
    this.raw.socket.on('message', (data, is_binary) => {
      if (!is_binary) this.messages.push(JSON.parse(data.toString()));
    });
  }

  async open() {
    await this.raw.open();
    return this;
  }

  /** Sends one message: an object, or text as it is. */
  send(message) {
    this.raw.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a message with a messageId and resolves to its answer, an ack or an error. */
  async ask(message, ms = 5000) {
    const messageId = message.messageId ?? fresh_id();
    const before = this.answers(messageId).length;
    this.send({ ...message, messageId });
    return this.answer(messageId, before + 1, ms);
  }

  /** The answers to a messageId so far. */
  answers(messageId) {
    return this.messages.filter((one) => ['ack', 'error'].includes(one.type) && one.payload.messageId === messageId);
  }

  /** Waits for the nth answer to a messageId. */
  async answer(messageId, nth = 1, ms = 5000) {
    return until(() => this.answers(messageId)[nth - 1], `answer ${nth} to ${messageId}`, ms, () => this.seen());
  }

  /** As ask(), and fails unless the answer is an ack. */
  async do(message, ms = 5000) {
    const answer = await this.ask(message, ms);
    assert.equal(answer.type, 'ack', JSON.stringify(answer));
    return answer;
  }

  /** As ask(), and fails unless the answer is an error of that code. Returns its payload. */
  async refused(message, code, ms = 5000) {
    const answer = await this.ask(message, ms);
    assert.equal(answer.type, 'error', JSON.stringify(answer));
    assert.equal(answer.payload.code, code);
    return answer.payload;
  }

  /** Joins a document (default: that of the URL) and resolves to the answer's payload. */
  async join(docName, payload = undefined) {
    const before = this.of('sync', docName).length;
    await this.do({ type: 'sync', docName, payload });
    const answers = this.of('sync', docName);
    assert.equal(answers.length, before + 1, 'one answer to a sync, before its ack');
    return answers.at(-1).payload;
  }

  /** The messages of a type, about one document if it is named. */
  of(type, docName = undefined) {
    return this.messages.filter((one) => one.type === type && (docName === undefined || one.docName === docName));
  }

  /** The payloads of the events (updates without Yjs bytes) that came. */
  events(docName = undefined) {
    return this.of('update', docName).map((one) => one.payload).filter((payload) => payload?.update === undefined);
  }

  /** Waits until an event for which `matches` holds has come; so has all that was sent before it. */
  async event(matches, what = 'an event') {
    return until(() => this.events().find(matches), `${what} arrives`, 5000, () => this.seen());
  }

  /** The document as this client knows it: all it has heard of it, applied. */
  document(docName = undefined) {
    const doc = new Y.Doc();
    for (const one of this.messages) {
      if (docName !== undefined && one.docName !== docName) continue;
      if (['sync', 'update'].includes(one.type) && one.payload?.update !== undefined) Y.applyUpdate(doc, from_base64(one.payload.update));
    }
    return doc;
  }

  text(docName = undefined) {
    return this.document(docName).getText('text').toString();
  }

  /** The states shown in a document, as a Map of client id to state. */
  presence(docName = undefined) {
    const states = new Map();
    for (const { payload } of this.of('presence', docName)) {
      if (payload.state === null) states.delete(payload.clientId);
      else states.set(payload.clientId, payload.state);
    }
    return states;
  }

  /** Waits until `expected` is among the states shown, and resolves to its client id. */
  async shown(expected, docName = undefined) {
    const wanted = JSON.stringify(expected);
    const find = () => [...this.presence(docName)].find(([, state]) => JSON.stringify(state) === wanted);
    const [id] = await until(find, `${wanted} is shown`, 5000, () => this.seen());
    return id;
  }

  /** Waits until a client shows nothing any more. */
  async hidden(client_id, docName = undefined) {
    await until(() => !this.presence(docName).has(client_id), `${client_id} is hidden`, 5000, () => this.seen());
  }

  /** Fails unless every frame so far is what the dialect allows. */
  check() {
    for (const frame of this.raw.frames) {
      if (typeof frame === 'string') matches_schema(is_server_message, JSON.parse(frame));
      else assert.ok(this.speaks_binary, 'a session that speaks JSON only hears text frames only');
    }
  }

  seen() {
    return JSON.stringify(this.messages).slice(-1000);
  }

  /** Closes in order and waits until the server has, too. */
  async leave() {
    this.raw.socket.close();
    await this.raw.close_reason();
  }

  /** Ends the connection without a word. */
  destroy() {
    this.raw.destroy();
  }
}

/** What opens json_clients on a fixture's server: (path, options) → an open client, checked and gone after the test. */
export function use_json(use) {
  const clients = [];
  afterEach(() => {
    const mine = clients.splice(0);
    for (const client of mine) client.destroy();
    for (const client of mine) client.check();
  });
  return async (path, options) => {
    const client = new json_client(use.server.url, path, options);
    clients.push(client);
    return client.open();
  };
}
