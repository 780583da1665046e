// The clients of the fault runs. Editors of sets speak JSON, append unique elements to a list, set keys of a map and
// delete them, and note what was acknowledged; when their connection ends they end with all they know, so nothing comes
// back but what the nodes have. Editors of texts are real y-websocket clients, which come back and bring what they have.
import { random_edit, state_of } from '../interop/support/documents.mjs';
import { Y, yjs_client } from '../interop/support/clients.mjs';
import { base64, from_base64 } from '../interop/support/json_client.mjs';
import { pause, until } from '../interop/support/wait.mjs';

const joining_ms_max = 15_000;
const silence_ms_max = 12_000; // then an editor gives its connection up
const outstanding_max = 32;

export class set_editor {
  #pending = new Map(); // messageId → {kind, id}
  #last_answer = performance.now();
  #current;
  count = 0;
  is_joined = false;
  is_over = false;
  /** Why the server ended it; undefined: it did not. */
  closed_with = undefined;

  constructor(node, document, name, book) {
    Object.assign(this, { node, document, name, book });
    this.doc = new Y.Doc();
    this.raw = node.raw(`/${encodeURIComponent(document)}`);
    this.raw.socket.on('open', () => this.#send({ type: 'sync', messageId: `${name}-join` }));
    this.raw.socket.on('message', (data, is_binary) => is_binary || this.#hear(JSON.parse(data.toString())));
    this.raw.socket.on('close', (code, reason) => {
      this.is_over = true;
      this.closed_with ??= `${code} ${reason}`;
    });
    this.doc.on('update', (update, origin) => origin === 'server' || this.#tell(update));
  }
  get outstanding() {
    return this.#pending.size;
  }
  get is_stuck() {
    return this.outstanding > 0 && performance.now() - this.#last_answer > silence_ms_max;
  }

  #send(message) {
    this.raw.frames.length = 0; // what has been heard is not kept
    if (this.raw.socket.readyState === 1) this.raw.send(JSON.stringify(message));
  }
  #hear({ type, payload }) {
    if (['sync', 'update'].includes(type) && payload?.update !== undefined) return Y.applyUpdate(this.doc, from_base64(payload.update), 'server');
    const id = payload?.messageId;
    if (type === 'ack' && id === `${this.name}-join`) this.is_joined = true;
    if (type === 'error') this.closed_with ??= `${payload.code} ${payload.message}`;
    if (!['ack', 'error'].includes(type) || !this.#pending.has(id)) return;
    this.#last_answer = performance.now();
    const operation = this.#pending.get(id);
    this.#pending.delete(id);
    if (type === 'ack') this.book.acknowledge(this.document, operation.kind, operation.id);
  }

  /** Resolves to whether it has joined. */
  async joined() {
    const deadline = performance.now() + joining_ms_max;
    while (!this.is_joined && !this.is_over && performance.now() < deadline) await pause(10);
    this.#last_answer = performance.now();
    return this.is_joined && !this.is_over;
  }

  #tell(update) {
    const messageId = `${this.name}-${++this.count}`;
    this.book.try(this.document, this.#current.kind, this.#current.id);
    if (this.#pending.size === 0) this.#last_answer = performance.now();
    this.#pending.set(messageId, this.#current);
    this.#send({ type: 'update', payload: { update: base64(update) }, messageId });
  }
  append() {
    this.#current = { kind: 'append', id: `${this.name}-${this.count + 1}` };
    this.doc.getArray('list').push([this.#current.id]);
  }
  set() {
    this.#current = { kind: 'set', id: `${this.name}-${this.count + 1}` };
    this.doc.getMap('map').set(this.#current.id, 1);
  }
  /** Deletes a key that it sees, whoever has set it; sets one if there is none. */
  delete(random) {
    const keys = this.doc.getMap('map').keys();
    let key;
    for (let skip = Math.floor(random() * 20); skip >= 0; --skip) key = keys.next().value ?? key;
    if (key === undefined) return this.set();
    this.#current = { kind: 'delete', id: key };
    this.doc.getMap('map').delete(key);
  }
  act(random) {
    const which = random();
    if (which < 0.5) this.append();
    else if (which < 0.8) this.set();
    else this.delete(random);
  }

  /** Waits until all is acknowledged, or it is clear that it will not be; resolves to how much is not. */
  async settled(ms = 10_000) {
    const deadline = performance.now() + ms;
    while (this.outstanding > 0 && !this.is_over && performance.now() < deadline) await pause(10);
    return this.is_over ? 0 : this.outstanding;
  }
  destroy() {
    this.raw.destroy();
    this.doc.destroy();
  }
}

/** What is in a document of the set editors, from its update or from a Y.Doc. */
export function contents_of(doc_or_update) {
  const doc = doc_or_update instanceof Y.Doc ? doc_or_update : new Y.Doc();
  if (doc !== doc_or_update) Y.applyUpdate(doc, doc_or_update);
  return { list: doc.getArray('list').toArray(), keys: [...doc.getMap('map').keys()], state: state_of(doc) };
}

/** Editors of several documents on all nodes, who move to another node when theirs is gone, until they are stopped. */
export class workload {
  #is_over = false;
  #slots = [];
  #texts = [];
  #editors = 0;
  /** How many sockets nodes ended that were up. */
  closed = 0;
  /** Edits that were not answered in the end though the connection stayed. */
  unanswered = 0;

  /** `home`: the node where all editors of sets begin; otherwise they are spread. */
  constructor(cluster, { name, documents, texts = [], book, random, editors = 3, rate = 20, home = undefined }) {
    Object.assign(this, { cluster, name, documents, texts, book, random, editors, rate, home });
  }

  start() {
    this.book.watch(this.documents);
    for (const document of this.documents)
      for (let i = 0; i < this.editors; ++i) this.#slots.push(this.#edit(document, this.#slots.length));
    for (const document of this.texts)
      for (const node of this.cluster.nodes) if (node.is_up) this.#slots.push(this.#write(document, node));
    return this;
  }

  #node_for(slot) {
    const wanted = this.home ?? this.cluster.nodes[slot % this.cluster.nodes.length];
    const up = this.cluster.up().filter((node) => !node.has_left);
    return up.includes(wanted) ? wanted : up[Math.floor(this.random() * up.length)];
  }

  async #edit(document, slot) {
    while (!this.#is_over) {
      const node = this.#node_for(slot);
      if (node !== undefined) await this.#visit(node, document);
      await pause(50 + this.random() * 100);
    }
  }
  /** One connection, of an editor who leaves after a while; the node must answer all edits of those who stay to the end. */
  async #visit(node, document) {
    const editor = new set_editor(node, document, `${this.name}.${++this.#editors}`, this.book);
    const leaves_at = performance.now() + 1000 + this.random() * 10_000;
    if (await editor.joined())
      while (!this.#is_over && !editor.is_over && !editor.is_stuck && performance.now() < leaves_at) {
        if (editor.outstanding < outstanding_max) editor.act(this.random);
        await pause((1000 / this.rate) * (0.5 + this.random()));
      }
    if (this.#is_over) this.unanswered += await editor.settled();
    if (editor.is_over && node.is_up) ++this.closed;
    editor.destroy();
  }

  async #write(document, node) {
    const client = new yjs_client(node.url, document);
    this.#texts.push({ node, document, client });
    while (!this.#is_over) {
      random_edit(client.doc, this.random);
      await pause(50 + this.random() * 200);
    }
  }

  /** Stops editing, and waits for what is under way. */
  async stop() {
    this.#is_over = true;
    await Promise.all(this.#slots);
    this.book.unwatch();
  }
  /** Waits until the clients of each text have the same state; resolves to what differs, as sentences. */
  async texts_converged(ms = 20_000) {
    const problems = [];
    for (const document of this.texts) {
      const clients = this.#texts.filter((each) => each.document === document && !each.node.has_left).map(({ client }) => client);
      const states = () => new Set(clients.map(({ doc }) => state_of(doc)));
      await until(() => states().size <= 1, 'clients converge', ms).catch(() => problems.push(`${document}: its clients show ${states().size} different texts`));
    }
    return problems;
  }
  /** What the first client of a text shows. */
  state_of_text(document) {
    return state_of(this.#texts.find((each) => each.document === document && !each.node.has_left).client.doc);
  }
  destroy() {
    for (const { client } of this.#texts) client.destroy();
  }
}
