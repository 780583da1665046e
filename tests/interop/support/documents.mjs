// Comparing Yjs documents, and editing them at random but repeatably.
import assert from 'node:assert/strict';
import * as Y from 'yjs';

import { until } from './wait.mjs';

/** A copy of `doc` as a fresh client would load it: the same state however it came about. */
export function normalised(doc) {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  return copy;
}

/** The full state of `doc` in hex, after normalising. */
export const state_of = (doc) => Buffer.from(Y.encodeStateAsUpdate(normalised(doc))).toString('hex');

/** Fails unless both documents hold the same structs and deletions, byte for byte. */
export function assert_same_state(actual, expected) {
  assert.equal(state_of(actual), state_of(expected));
}

/** Waits until all clients hold the same state. */
export async function converged(clients, ms = 10000) {
  const states = () => clients.map((client) => state_of(client.doc));
  await until(() => new Set(states()).size === 1, `${clients.length} clients converge`, ms, () =>
    clients.map((client) => `${client.text.length} units`).join(', '));
}

/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function random_source(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pieces = ['a', 'bc', 'long piece of text', 'ü', '€', '😀', '\n', '👩‍👩‍👧'];

/** One random edit of the roots `text`, `map` and `array` of `doc`. */
export function random_edit(doc, random) {
  const below = (limit) => Math.floor(random() * limit);
  const text = doc.getText('text');
  const array = doc.getArray('array');
  const choice = below(10);
  if (choice < 5) text.insert(below(text.length + 1), pieces[below(pieces.length)]);
  else if (choice < 7 && text.length > 0) {
    const at = below(text.length);
    text.delete(at, Math.min(text.length - at, 1 + below(4)));
  } else if (choice === 7) doc.getMap('map').set(`key-${below(5)}`, below(1000));
  else if (choice === 8) array.insert(below(array.length + 1), [below(1000), { nested: [below(10)] }]);
  else if (array.length > 0) array.delete(below(array.length), 1);
  else doc.getMap('map').delete(`key-${below(5)}`);
}
