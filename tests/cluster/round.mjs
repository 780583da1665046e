// One row of the table: a cluster, rounds of load with a fault each, and after each round what the nodes hold, compared
// with what clients did and with each other.
import { folder_of_test, pause, random_from, settings_of, storage_tool, until } from '../faults/support.mjs';
import { test_cluster } from '../interop/support/cluster.mjs';
import { check_contents, operation_book } from './checker.mjs';
import { shared_database } from './shared.mjs';
import { contents_of, set_editor, workload } from './workload.mjs';

const converged_ms_max = 30_000;
const problems_max = 20;

/** Settings of nodes that unload and fold as soon as they can, and count no messages. */
const node_settings = () => {
  const { 'storage.path': _, ...settings } = settings_of('');
  return settings;
};

/** What a row can do: its cluster, and chance. */
export class row_run {
  problems = [];
  book = new operation_book();
  figures = { rounds: 0, acknowledged: 0, lost: 0, phantom: 0, resurrected: 0, repeated: 0, differing: 0, closed: 0, longest_ms: 0, converged_ms: 0 };
  notes = new Set();
  #number = 0;

  constructor({ row, form, seed, nodes, settings, durability }) {
    Object.assign(this, { row, form, settings, durability, random: random_from(seed), count: nodes ?? row.nodes ?? 3 });
  }

  async start() {
    const { replication = {}, settings = {} } = this.row;
    const options = { settings: { ...node_settings(), ...settings, ...this.settings } };
    if (this.durability === 'shared') {
      this.database = await new shared_database().start(this.row);
      Object.assign(options, this.database.cluster_options(options.settings));
    }
    this.cluster = new test_cluster({ nodes: this.count, name: this.row.name, folder: folder_of_test(this.row.name), replication, ...options });
    await this.row.prepare?.(this);
    await this.cluster.start();
  }

  get nodes() {
    return this.cluster.nodes;
  }
  get network() {
    return this.cluster.network;
  }
  get is_long() {
    return this.form === this.row.long;
  }
  /** Waits for some of so many seconds in long, for `short_s` in short. */
  a_while(least_s, most_s, short_s) {
    return pause(1000 * (this.is_long ? this.between(least_s, most_s) : short_s));
  }
  between(least, most) {
    return least + this.random() * (most - least);
  }
  one_of(list) {
    return list[Math.floor(this.random() * list.length)];
  }
  /** The home of a document of this round; where nodes do not tell, any of them, with a note. */
  async home() {
    const home = await this.cluster.home_of(this.documents[0]);
    if (home === undefined) this.notes.add('nodes do not tell who is home; one was taken at random');
    return home ?? this.one_of(this.cluster.up());
  }
  problem(what) {
    if (this.problems.length < problems_max) this.problems.push(what);
  }
  note_convergence(ms) {
    this.figures.converged_ms = Math.max(this.figures.converged_ms, ms);
  }

  /** A round: load, the fault and its end, and the check. `fault` resolves once all is healed. */
  async round() {
    const name = `${this.row.name}-${++this.#number}`;
    const { documents = 4, texts = 1, warm_ms = 800, load = {} } = this.form;
    this.documents = Array.from({ length: documents }, (_, at) => `${name}-${at}`);
    const work = new workload(this.cluster, {
      name, documents: this.documents, texts: Array.from({ length: texts }, (_, at) => `${name}-text-${at}`), book: this.book, random: this.random,
      home: this.row.at_one_node ? this.nodes[0] : undefined, ...load,
    });
    this.work = work.start();
    try {
      // A fault says nothing before the cluster has begun to work.
      const has_begun = () => this.documents.every((each) => this.book.has_acknowledged(each));
      await until(has_begun, 'something was acknowledged in each document', 15_000).catch((error) => this.problem(error.message));
      await pause(warm_ms);
      await this.row.fault(this);
      const healed = performance.now();
      this.network.heal();
      await work.stop();
      if (work.unanswered > 0) this.problem(`${name}: ${work.unanswered} edits were not acknowledged though all was healed`);
      await this.converge([...this.documents, ...work.texts], healed);
      for (const each of await work.texts_converged()) this.problem(each);
      await this.check_texts(work);
    } finally {
      work.destroy();
    }
    await this.check(this.documents);
    await this.check_liveness(name);
    this.figures.closed += work.closed;
    ++this.figures.rounds;
  }

  /** Waits until all nodes hold the same, and notes how long after the heal. */
  async converge(documents, healed) {
    try {
      await this.cluster.ready();
      await this.cluster.converged(documents, converged_ms_max);
      this.note_convergence(performance.now() - healed);
    } catch (error) {
      this.problem(error.message);
    }
  }

  async check_texts(work) {
    for (const document of work.texts) {
      const expected = work.state_of_text(document);
      for (const node of this.cluster.up()) {
        const is_right = async () => {
          const held = await node.answers_for(document);
          return held === undefined ? this.cluster.keepers < this.cluster.members().length : contents_of(held.update).state === expected;
        };
        // Its clients may just have come back.
        await until(is_right, 'a node holds what its clients show', 10_000).catch(() => {
          ++this.figures.differing;
          this.problem(`${document}: ${node.name} holds another text than its clients`);
        });
      }
    }
  }

  /** What each node holds for others, and what a client sees there. */
  async check(documents) {
    for (const document of documents) {
      const found = [];
      for (const node of this.cluster.up()) {
        const held = await node.answers_for(document);
        if (held) found.push({ where: `${node.name} holds`, ...contents_of(held.update) });
      }
      const wanted = Math.min(this.cluster.keepers, this.cluster.up().length);
      if (found.length < wanted) this.problem(`${document}: ${found.length} nodes hold it, not ${wanted}`);
      for (const node of this.cluster.up()) {
        const client = node.client(document);
        await client.synced(15_000).then(
          () => found.push({ where: `${node.name} shows`, ...contents_of(client.doc) }),
          (error) => this.problem(`${document}: ${node.name} shows it to nobody: ${error.message}`),
        );
        client.destroy();
      }
      this.compare(document, found);
    }
    this.figures.acknowledged = this.book.acknowledged;
    this.figures.longest_ms = this.book.longest_gap_ms;
  }

  /** Each of `found` with what clients did, and all with the first. */
  compare(document, found) {
    const worst = { lost: 0, phantom: 0, resurrected: 0, repeated: 0 };
    for (const { where, state, ...contents } of found) {
      for (const [kind, elements] of Object.entries(check_contents(this.book.of(document), contents))) {
        worst[kind] = Math.max(worst[kind], elements.length);
        if (elements.length > 0) this.problem(`${document}: ${where} ${elements.length} ${kind}, the first is ${elements[0]}`);
      }
      if (state === found[0].state) continue;
      ++this.figures.differing;
      this.problem(`${document}: ${where} another state than ${found[0].where}`);
    }
    for (const [kind, count] of Object.entries(worst)) this.figures[kind] += count;
  }

  /** After all, an edit on each node is acknowledged. */
  async check_liveness(name) {
    for (const node of this.cluster.up()) {
      const editor = new set_editor(node, this.documents[0], `${name}.after.${node.name}`, this.book);
      if (await editor.joined()) editor.append();
      else this.problem(`${node.name} lets nobody in after the heal: ${editor.closed_with ?? 'no answer'}`);
      if ((await editor.settled()) > 0) this.problem(`${node.name} acknowledges nothing after the heal`);
      editor.destroy();
    }
  }

  /** Ends the nodes in order, and verifies what each has stored. */
  async finish() {
    const directories = this.database ? [] : this.cluster.up().map(({ directory }) => directory);
    this.network.heal();
    for (const node of this.nodes) await node.stop().catch((error) => this.problem(`${node.name}: ${error.message}`));
    for (const directory of directories) {
      const { code, err, report } = storage_tool('verify', directory);
      if (code !== 0) this.problem(`verify: ${err}${JSON.stringify(report)}`);
    }
    for (const each of this.database?.problems() ?? []) this.problem(each);
  }
  async destroy() {
    await this.cluster?.kill().catch(() => {});
    await this.database?.stop().catch(() => {});
  }
}

/** Runs a row; resolves to {figures, notes, problems}. It ends by itself: what takes too long is a problem. */
export async function run_row(row, { is_short, seed, rounds = undefined, nodes = undefined, settings = {}, durability = 'keepers' }) {
  const form = is_short ? row.short : row.long;
  const run = new row_run({ row, form, seed, nodes, settings, durability });
  const deadline = Date.now() + form.minutes_max * 60_000;
  try {
    await run.start();
    for (let i = 0; i < (rounds ?? form.rounds); ++i) {
      if (Date.now() > deadline) {
        run.problem(`only ${i} rounds in ${form.minutes_max} minutes`);
        break;
      }
      await (row.round ? row.round(run) : run.round());
    }
    await run.finish();
  } catch (error) {
    run.problem(error.stack ?? String(error));
  } finally {
    await run.destroy();
  }
  return { figures: run.figures, notes: [...run.notes], problems: run.problems };
}

export { pause, until };
