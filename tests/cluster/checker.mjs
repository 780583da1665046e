// What clients did and heard, and what the nodes hold in the end: the checker of the fault runs, in the manner of
// Jepsen's set-full. Elements are unique. What was acknowledged must be there, once; what nobody wrote must not; what was
// deleted and acknowledged must not come back. Of what was never acknowledged either is right. Pure, but for the clock.

const kinds = ['append', 'set', 'delete'];

/** What was tried and what was acknowledged, of one document. */
class document_book {
  tried = Object.fromEntries(kinds.map((kind) => [kind, new Set()]));
  acknowledged = Object.fromEntries(kinds.map((kind) => [kind, new Set()]));
}

export class operation_book {
  #documents = new Map();
  #last = new Map(); // document → when something was acknowledged, while that is watched
  acknowledged = 0;
  longest_gap_ms = 0;

  of(document) {
    if (!this.#documents.has(document)) this.#documents.set(document, new document_book());
    return this.#documents.get(document);
  }
  get documents() {
    return [...this.#documents.keys()];
  }
  try(document, kind, id) {
    this.of(document).tried[kind].add(id);
  }
  acknowledge(document, kind, id) {
    this.of(document).acknowledged[kind].add(id);
    ++this.acknowledged;
    if (this.#last.has(document)) this.#note_gap(document);
  }
  has_acknowledged(document) {
    return Object.values(this.of(document).acknowledged).some(({ size }) => size > 0);
  }
  #note_gap(document) {
    const now = performance.now();
    this.longest_gap_ms = Math.max(this.longest_gap_ms, now - this.#last.get(document));
    this.#last.set(document, now);
  }
  /** From now on the time without an acknowledgement counts, in each of these documents. */
  watch(documents) {
    for (const each of documents) this.#last.set(each, performance.now());
  }
  unwatch() {
    for (const each of this.#last.keys()) this.#note_gap(each);
    this.#last.clear();
  }
}

const without = (set, ...others) => [...set].filter((each) => !others.some((other) => other.has(each)));

/**
 * What is wrong with what a node shows of a document, `list` of appended elements and `keys` of the map: {lost, phantom,
 * resurrected, repeated}, each a list of elements.
 */
export function check_contents(book, { list, keys }) {
  const { tried, acknowledged } = book;
  const there = new Set(list);
  const there_keys = new Set(keys);
  return {
    lost: [...without(acknowledged.append, there), ...without(acknowledged.set, there_keys, tried.delete)],
    phantom: [...without(there, tried.append), ...without(there_keys, tried.set)],
    resurrected: [...there_keys].filter((key) => acknowledged.delete.has(key)),
    repeated: repeated_in(list),
  };
}

function repeated_in(list) {
  const seen = new Set();
  return list.filter((each) => seen.has(each) || !seen.add(each));
}
