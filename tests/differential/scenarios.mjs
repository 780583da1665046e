// The two scenarios: authors of yjs 13, of yjs 14 or of both, whose updates reach documents of the engine in any
// way; and histories of yjs 14 of which a part never arrives.
import assert from 'node:assert/strict';
import { generator } from './random.mjs';
import { contents, same_contents } from './structs.mjs';
import * as yjs13 from './yjs13.mjs';
import * as yjs14 from './yjs14.mjs';

const { Y } = yjs13;
const { Y: Y14 } = yjs14;
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** What a fresh document of yjs 13 encodes that loaded the update. */
const normal = (update, v2 = false) => {
  const doc = new Y.Doc();
  (v2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update);
  return hex(Y.encodeStateAsUpdate(doc));
};
/** A fresh document of either version that loaded the update. A suggestion document of yjs 14 does not tidy formats up. */
const loaded = (version, update, v2 = false, gc = true) => {
  const doc = new version.Doc({ gc, isSuggestionDoc: true });
  (v2 ? version.applyUpdateV2 : version.applyUpdate)(doc, update);
  return doc;
};

/** What our JSON export writes for a value of yjs. */
const exported = (value) => {
  if (value === undefined || value === null || Number.isNaN(value) || value === Infinity || value === -Infinity) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Y.Doc) return { guid: value.guid };
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(exported);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, exported(v)]));
  return Object.is(value, -0) ? 0 : value;
};

/** Delivers some of the waiting updates to a document of the engine. */
const deliver = async (engine, ours, random) => {
  const count = Math.min(ours.inbox.length, 1 + random.below(4));
  if (count === 0) return;
  const taken = Array.from({ length: count }, () => ours.inbox.splice(random.chance(70) ? 0 : random.below(ours.inbox.length), 1)[0]);
  if (random.chance(15)) ours.inbox.push(taken[0]); // again, later
  const v2 = random.chance(40);
  const bytes = taken.map((update) => (v2 ? update.v2 : update.v1));
  if (count > 1 && random.chance(50)) {
    const merged = random.chance(50) ? await engine.merge(bytes, v2) : (v2 ? Y.mergeUpdatesV2 : Y.mergeUpdates)(bytes);
    return apply_and_relay(ours, merged, v2);
  }
  for (const update of bytes) await apply_and_relay(ours, update, v2);
};

/** The engine's document passes on what changed, as a server does. */
const apply_and_relay = async (ours, update, v2) => {
  const [changed, is_verbatim] = await ours.doc.apply(update, v2);
  if (changed) ours.relayed.push(is_verbatim && !v2 ? update : await ours.doc.last_change());
};

/** State vector, states in both formats, delete sets and struct lists of our document and an author's. */
const compare_state = async (engine, ours, author, what) => {
  const state = author.Y.encodeStateAsUpdate(author.doc);
  const expected = normal(state);
  assert.equal(await ours.doc.has_pending(), false, `${what}: pending`);
  assert.equal(hex(await ours.doc.state_vector()), hex(author.Y.encodeStateVector(author.doc)), `${what}: state vector`);
  const v1 = await ours.doc.encode();
  const v2 = await ours.doc.encode(undefined, true);
  same_contents(Y.decodeUpdate(v1), Y.decodeUpdate(state), `${what}: structs and delete set, v1`);
  same_contents(Y.decodeUpdateV2(v2), Y.decodeUpdate(state), `${what}: structs and delete set, v2`);
  assert.equal(normal(v1), expected, `${what}: state v1`);
  assert.equal(normal(v2, true), expected, `${what}: state v2`);
  const reloaded = await engine.doc();
  await reloaded.apply(author.Y.encodeStateAsUpdateV2(author.doc), true);
  assert.equal(hex(await reloaded.encode()), expected, `${what}: our own encoding after loading yjs's v2`);
  await reloaded.free();
  // At once: a yjs document that is fed one by one tidies formats up, with deletions of its own.
  assert.equal(normal(Y.mergeUpdates(ours.relayed)), expected, `${what}: what was passed on`);
  return { v1, v2 };
};

/** What the types show: in the engine, and in documents of both versions that loaded our state. */
const compare_shown = async (ours, author, { v1, v2 }, is_mixed, what) => {
  if (author.Y === Y) {
    assert.equal(await ours.doc.text('text'), author.doc.getText('text').toString(), `${what}: text`);
    if (!is_mixed) {
      assert.deepEqual(await ours.doc.array('array'), exported(author.doc.getArray('array').toJSON()), `${what}: array`);
      assert.deepEqual(await ours.doc.map('map'), exported(author.doc.getMap('map').toJSON()), `${what}: map`);
    }
    assert.deepEqual(yjs13.shown(loaded(Y, v1)), yjs13.shown(author.doc), `${what}: shown in yjs 13`);
    assert.ok(Y.equalSnapshots(Y.snapshot(loaded(Y, v2, true)), Y.snapshot(author.doc)), `${what}: snapshots`);
  } else {
    for (const root of ['text', 'array', 'map', 'xml']) assert.equal(await ours.doc.text(root), yjs14.text_of(author.doc.get(root)), `${what}: text of ${root}`);
    assert.deepEqual(yjs14.shown(loaded(Y14, v1)), yjs14.shown(author.doc), `${what}: shown in yjs 14`);
  }
  const theirs = loaded(Y14, author.Y.encodeStateAsUpdate(author.doc));
  const from_ours = loaded(Y14, v2, true);
  assert.equal(hex(Y14.encodeStateVector(from_ours)), hex(Y14.encodeStateVector(theirs)), `${what}: state vector in yjs 14`);
  assert.deepEqual(yjs14.shown(from_ours), yjs14.shown(theirs), `${what}: our state in yjs 14`);
  same_contents(Y.decodeUpdate(Y14.encodeStateAsUpdate(from_ours)), Y.decodeUpdate(Y14.encodeStateAsUpdate(theirs)), `${what}: structs in yjs 14`);
};

/** Conversion, merge and diff of updates: ours in documents of both yjs, theirs in ours. */
const compare_tools = async (engine, author, history, vectors, random) => {
  const v1 = author.Y.encodeStateAsUpdate(author.doc);
  const v2 = author.Y.encodeStateAsUpdateV2(author.doc);
  const expected = normal(v1);
  // We join GC structs in a row, which yjs may have apart; so what is compared is what they load as.
  assert.equal(normal(await engine.to_v2(v1), true), expected, 'v1 to v2');
  assert.equal(normal(await engine.to_v1(v2)), expected, 'v2 to v1');
  assert.equal(hex(await engine.state_vector_of(v1)), hex(Y.encodeStateVectorFromUpdate(v1)), 'state vector of an update');

  const updates = random.shuffled(history).map((update) => update.v1);
  const merged = await engine.merge(updates);
  assert.equal(normal(merged), expected, 'our merge in yjs 13');
  assert.equal(normal(Y14.encodeStateAsUpdate(loaded(Y14, merged))), expected, 'our merge in yjs 14');
  assert.equal(normal(await engine.merge(history.map((update) => update.v2), true), true), expected, 'our merge of v2');
  const ours = await engine.doc();
  await ours.apply(Y.mergeUpdates(updates));
  assert.equal(normal(await ours.encode()), expected, 'their merge in ours');
  await ours.free();

  for (const vector of [random.pick(vectors), cut_vector(author, random)]) {
    const is_cut = !vectors.includes(vector);
    const is_v2 = random.chance(50);
    const [decode, diff, of] = is_v2 ? [Y.decodeUpdateV2, Y.diffUpdateV2, v2] : [Y.decodeUpdate, Y.diffUpdate, v1];
    same_contents(decode(await engine.diff(of, vector, is_v2)), decode(diff(of, vector)), 'difference of an update');
    const part = updates.slice(0, 1 + random.below(updates.length));
    const gaps = await engine.merge(part);
    same_contents(Y.decodeUpdate(gaps), Y.decodeUpdate(Y.mergeUpdates(part)), 'merge of a part');
    if (is_cut) continue; // where it cuts a pair of surrogates, the halves are lost for good
    const beginning = Y.mergeUpdates(part);
    const rest = [await engine.diff(v1, vector), await engine.diff(v1, Y.encodeStateVectorFromUpdate(beginning))];
    assert.equal(normal(Y.mergeUpdates([beginning, ...rest])), expected, 'what our differences bring together');
  }
};

/** A state vector somewhere in what the author has, through the middle of structs and pairs of surrogates. */
const cut_vector = (author, random) => {
  const known = Y.decodeStateVector(author.Y.encodeStateVector(author.doc));
  for (const [client, clock] of known) known.set(client, random.below(clock + 1));
  return Y.encodeStateVector(known);
};

const ids13 = (random) => [1 + random.below(100), 4294967295 - random.below(9), 200 + random.below(5000), 70000 + random.below(9)];
const ids14 = (random) => [2 ** 53 - 1 - random.below(9), 2 ** 32 + random.below(9), 2 ** 40 + 70000 + random.below(9), 150 + random.below(9)];

/** kind: '13', '14' or 'mixed' authors. */
export const converge = async (engine, seed, steps, kind) => {
  const random = generator(seed);
  const gc = !random.chance(20);
  const count = 2 + random.below(3);
  const makers = { 13: [yjs13], 14: [yjs14], mixed: [yjs13, yjs14] }[kind];
  const ids = new Map([[yjs13, ids13(random)], [yjs14, ids14(random)]]);
  const authors = Array.from({ length: count }, (_, i) => makers[i % makers.length]).map((maker, i) => maker.make_author(ids.get(maker)[i], gc));
  const history = [];
  const vectors = [new Uint8Array([0])];
  /** Authors of yjs 13 miss updates until the end. Those of yjs 14 get them late but in order: with holes they may
   * take in clocks that nobody made (seen in 14.0.0-rc.7 as a GC grown too long), and hand them on. */
  const bring = (to, update, at_once) => {
    to.late ??= [];
    if (to.Y === Y14) to.late.push(update);
    else if (at_once) Y.applyUpdate(to.doc, update.v1, 'remote');
    if (at_once) for (const late of to.late.splice(0)) Y14.applyUpdate(to.doc, late.v1, 'remote');
  };
  const documents = [];
  for (let i = 0; i < 2; ++i) documents.push({ doc: await engine.doc({ gc }), inbox: [], relayed: [] });
  const spread = (from) => {
    for (const update of from.made.splice(0)) {
      history.push(update);
      for (const to of authors) if (to !== from) bring(to, update, random.chance(60));
      for (const ours of documents) if (random.chance(92)) ours.inbox.push(update);
    }
  };
  for (let step = 0; step < steps; ++step) {
    const author = random.pick(authors);
    author.edit(random);
    authors.forEach(spread);
    if (random.chance(5)) vectors.push(author.Y.encodeStateVector(author.doc));
    if (random.chance(60)) await deliver(engine, random.pick(documents), random);
  }
  for (const to of authors) for (const late of to.late?.splice(0) ?? []) Y14.applyUpdate(to.doc, late.v1, 'remote');
  for (let round = 0; round < 4; ++round) {
    for (const a of authors) for (const b of authors) if (a !== b) b.Y.applyUpdate(b.doc, a.Y.encodeStateAsUpdate(a.doc, b.Y.encodeStateVector(b.doc)), 'remote');
  }
  for (const author of authors) history.push(...author.made.splice(0)); // what tidying up after the last rounds made
  for (const [index, ours] of documents.entries()) {
    while (ours.inbox.length) await deliver(engine, ours, random);
    const v2 = random.chance(50);
    const from = authors[0];
    const missing = (v2 ? from.Y.encodeStateAsUpdateV2 : from.Y.encodeStateAsUpdate)(from.doc, await ours.doc.state_vector());
    await apply_and_relay(ours, missing, v2);
    for (const [number, author] of authors.entries()) {
      const what = `document ${index}, author ${number} (yjs ${author.Y === Y ? 13 : 14}), gc ${gc}`;
      const states = await compare_state(engine, ours, author, what);
      await compare_shown(ours, author, states, kind === 'mixed', what);
    }
    await ours.doc.free();
  }
  if (history.length) await compare_tools(engine, authors[0], history, vectors, random);
};

/** A history of two authors of yjs 14, as updates in an order in which each finds what it needs. */
const history_of_14 = (random, steps, gc) => {
  const ids = ids14(random);
  const authors = [0, 1].map((i) => yjs14.make_author(ids[i], gc));
  const history = [];
  for (let step = 0; step < steps; ++step) {
    const author = random.pick(authors);
    author.edit(random);
    for (const update of author.made.splice(0)) {
      history.push(update);
      for (const to of authors) if (to !== author && random.chance(50)) Y14.applyUpdate(to.doc, update.v1, 'remote');
    }
    for (const other of authors) history.push(...other.made.splice(0));
  }
  return history;
};

/** A document of yjs 14 that got these updates one by one, and does not tidy formats up. */
const built = (updates, gc) => {
  const doc = new Y14.Doc({ gc, isSuggestionDoc: true });
  for (const update of updates) Y14.applyUpdate(doc, update.v1);
  return doc;
};

/** Updates on which no other depends, so that without them nothing has to wait: only holes remain. */
const without_dependents = (history, random, gc) => {
  const lost = [];
  for (const candidate of random.shuffled(history).slice(0, 12)) {
    const doc = built(history.filter((update) => update !== candidate && !lost.includes(update)), gc);
    if (doc.store.pendingStructs === null) lost.push(candidate);
  }
  return lost;
};

/**
 * Of a history of yjs 14 some updates never arrive. yjs 13 parks all that comes behind a hole, so it has no part here.
 * Where something waits, yjs 14 parks with a struct all that its update has of the same client; the engine only the
 * struct. So then the engine knows as much or more, and what it passes on must bring yjs 14 to the same place.
 */
export const holes = async (engine, seed, steps) => {
  const random = generator(seed);
  const gc = !random.chance(20);
  const history = history_of_14(random, steps / 2, gc);
  const lost = random.chance(50) ? without_dependents(history, random, gc) : history.filter(() => random.chance(10));
  let arriving = history.filter((update) => !lost.includes(update));
  if (random.chance(50)) arriving = random.shuffled(arriving);
  const theirs = built(arriving, gc);
  const relayed = built([], gc);
  const ours = await engine.doc({ gc });
  for (const update of arriving) {
    const v2 = random.chance(40);
    const [changed] = await ours.apply(v2 ? update.v2 : update.v1, v2);
    if (changed) Y14.applyUpdate(relayed, await ours.last_change());
  }
  const is_waiting = await ours.has_pending();
  await compare_holes(ours, relayed, is_waiting, 'passed on with holes');
  if (theirs.store.pendingStructs === null) {
    await compare_holes(ours, theirs, false, 'with holes');
    const again = await engine.doc({ gc });
    await again.apply(Y14.encodeStateAsUpdate(theirs));
    await compare_holes(again, loaded(Y14, await ours.encode(), false, gc), false, 'with holes, states exchanged');
    await again.free();
  } else {
    const known = named(await ours.state_vector());
    for (const [client, clock] of Object.entries(named(Y14.encodeStateVector(theirs)))) assert.ok((known[client] ?? 0) >= clock, 'yjs 14 knows more than the engine');
  }
  for (const update of lost) await ours.apply(update.v1);
  assert.equal(await ours.has_pending(), false, 'holes filled: pending');
  await compare_holes(ours, built(history, gc), false, 'holes filled');
  await ours.free();
};

/** yjs 14 names clients of whom it has nothing from the start on, with clock 0; that says nothing. */
const named = (vector) => Object.fromEntries([...Y.decodeStateVector(vector)].filter(([, clock]) => clock > 0));

const compare_holes = async (ours, theirs, is_waiting, what) => {
  assert.deepEqual(named(await ours.state_vector()), named(Y14.encodeStateVector(theirs)), `${what}: state vector`);
  for (const root of ['text', 'array', 'map', 'xml']) assert.equal(await ours.text(root), yjs14.text_of(theirs.get(root)), `${what}: text of ${root}`);
  if (is_waiting) return; // our state has what waits in it as well
  const state = contents(Y.decodeUpdate(await ours.encode()));
  const expected = contents(Y.decodeUpdate(Y14.encodeStateAsUpdate(theirs)));
  assert.deepEqual(state, expected, `${what}: structs, skips and delete set`);
};
