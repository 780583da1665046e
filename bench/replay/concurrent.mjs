// Two authors at once, as it really was: each transaction of the trace is made on exactly the state that
// its parents describe.
//
// An agent has two documents. It edits in `local`, which holds just what the trace says the agent knew;
// its updates go through `wire`, the document of a real client. What the other agent wrote is merged into
// `local` when the trace says so, and not before `wire` got it from the server: nobody knows of an edit
// that has not reached them.
import { Y, yjs_client } from '../../tests/interop/support/clients.mjs';
import { keep_pace, turn_until, units_of } from './pace.mjs';
import { apply_txn, known_before } from './traces.mjs';

const from_peer = Symbol('an update of the other agent');

class agent {
  /** Own updates in order, and the own clock behind each of them. */
  updates = [];
  clocks = [];
  /** How many transactions of the other agent `local` holds. */
  merged = 0;

  constructor(url, document, index) {
    this.client = new yjs_client(url, document);
    this.local = new Y.Doc();
    this.local.clientID = index + 1;
    this.local.on('update', (update, origin) => {
      if (origin === from_peer) return;
      this.updates.push(update);
      this.clocks.push(Y.getState(this.local.store, this.local.clientID));
      Y.applyUpdate(this.client.doc, update, 'replay');
    });
  }

  get id() {
    return this.local.clientID;
  }

  get written() {
    return this.clocks.at(-1) ?? 0;
  }

  /** Merges the first `count` transactions of `peer`, once the server has delivered them. */
  async merge(peer, count) {
    if (count <= this.merged) return;
    const clock = peer.clocks[count - 1];
    await turn_until(() => units_of(this.client, peer.id) >= clock, 'the server delivers what the trace merges');
    for (const update of peer.updates.slice(this.merged, count)) Y.applyUpdate(this.local, update, from_peer);
    this.merged = count;
  }
}

/** Replays `trace` (two agents) on the server at `url`. Returns the row of the report. */
export async function replay_concurrent(url, name, trace) {
  if (trace.numAgents !== 2) throw new Error(`${name}: made for two agents, not ${trace.numAgents}`);
  const document = `replay-${name}-${process.pid}-${Date.now()}`;
  const agents = [0, 1].map((index) => new agent(url, document, index));
  const clients = agents.map((one) => one.client);
  try {
    await Promise.all(clients.map((client) => client.synced()));
    const known = known_before(trace);
    const begin = performance.now();
    for (const [index, txn] of trace.txns.entries()) {
      const writer = agents[txn.agent];
      const peer = agents[1 - txn.agent];
      const [own, others] = [known[index][txn.agent], known[index][1 - txn.agent]];
      if (own !== writer.updates.length || others < writer.merged) {
        throw new Error(`transaction ${index} of the trace does not follow its agent's earlier ones`);
      }
      await writer.merge(peer, others);
      apply_txn(writer.local.getText('text'), txn, trace.astral);
      if (writer.updates.length !== own + 1) throw new Error(`transaction ${index} changed nothing`);
      await keep_pace(writer.client, peer.client, writer.id, writer.written);
    }
    const [first, second] = agents;
    for (const update of second.updates.slice(first.merged)) Y.applyUpdate(first.local, update, from_peer);
    const expected = first.local.getText('text').toString();
    await turn_until(
      () => clients.every((client) => client.text.length === expected.length && client.text.toString() === expected),
      'both clients have the whole text',
    );
    const seconds = (performance.now() - begin) / 1000;
    const join_begin = performance.now();
    const joiner = new yjs_client(url, document);
    clients.push(joiner);
    await joiner.synced(60_000);
    return {
      trace: name,
      edits: trace.edits,
      seconds,
      late_join_seconds: (performance.now() - join_begin) / 1000,
      agree: clients.every((client) => client.text.toString() === expected),
      compared_with:
        expected === trace.endContent
          ? 'the end of the trace'
          : 'a replay by yjs alone (the trace\'s own CRDT orders some concurrent inserts otherwise)',
      connections_lost: clients[0].closes.length + clients[1].closes.length,
    };
  } finally {
    for (const client of clients) client.destroy();
    for (const one of agents) one.local.destroy();
  }
}
