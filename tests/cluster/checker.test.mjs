// The checker finds each kind of damage in made-up histories, and nothing in right ones.
import assert from 'node:assert/strict';
import test from 'node:test';

import { check_contents, operation_book } from './checker.mjs';

/** A history: a, b appended, b unanswered; k, l, m set; l deleted, m's deletion unanswered. */
function history() {
  const book = new operation_book();
  for (const id of ['a', 'b']) book.try('plan', 'append', id);
  for (const id of ['k', 'l', 'm']) {
    book.try('plan', 'set', id);
    book.acknowledge('plan', 'set', id);
  }
  for (const id of ['l', 'm']) book.try('plan', 'delete', id);
  book.acknowledge('plan', 'append', 'a');
  book.acknowledge('plan', 'delete', 'l');
  return book.of('plan');
}
const nothing = { lost: [], phantom: [], resurrected: [], repeated: [] };

test('what was never acknowledged may be there or not', () => {
  assert.deepEqual(check_contents(history(), { list: ['a'], keys: ['k'] }), nothing);
  assert.deepEqual(check_contents(history(), { list: ['b', 'a'], keys: ['m', 'k'] }), nothing);
});

test('each damage has its name', () => {
  const found = check_contents(history(), { list: ['b', 'x', 'b'], keys: ['l', 'y'] });
  assert.deepEqual(found, { lost: ['a', 'k'], phantom: ['x', 'y'], resurrected: ['l'], repeated: ['b'] });
});

test('time without an acknowledgement is told per document, while it is watched', async () => {
  const book = new operation_book();
  book.watch(['quick', 'slow']);
  for (let i = 0; i < 5; ++i) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    book.acknowledge('quick', 'append', `${i}`);
  }
  book.unwatch();
  assert.ok(book.longest_gap_ms >= 95, `${book.longest_gap_ms}`);
  assert.equal(book.acknowledged, 5);
});
