// The editing traces: loading them, and what their positions and parents mean.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const surrogate = /[\ud800-\udfff]/;

/**
 * Loads a trace: {endContent, txns, edits, astral}. `edits` counts the patches; `astral` tells whether
 * any text lies beyond the basic plane, so that code points and UTF-16 units differ.
 */
export function load_trace(file) {
  const trace = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
  const patches = trace.txns.flatMap((txn) => txn.patches);
  trace.edits = patches.length;
  trace.astral = patches.some(([, , inserted]) => surrogate.test(inserted)) || surrogate.test(trace.startContent ?? '');
  return trace;
}

/** The UTF-16 offset of the code point number `position` of `text`. */
function utf16_offset(text, position) {
  let offset = 0;
  for (let i = 0; i < position; i++) offset += text.codePointAt(offset) > 0xffff ? 2 : 1;
  return offset;
}

/** Applies one transaction of a trace to a Y.Text, as one Yjs transaction. Positions are code points. */
export function apply_txn(text, { patches }, astral) {
  text.doc.transact(() => {
    for (const [position, deleted, inserted] of patches) {
      let from = position;
      let length = deleted;
      if (astral) {
        const content = text.toString();
        from = utf16_offset(content, position);
        length = utf16_offset(content.slice(from), deleted);
      }
      if (length > 0) text.delete(from, length);
      if (inserted !== '') text.insert(from, inserted);
    }
  });
}

/**
 * What each transaction of a concurrent trace knows of: versions[i][a] is the number of transactions of
 * agent a that the parents of transaction i contain.
 */
export function known_before({ txns, numAgents }) {
  const after = [];
  return txns.map(({ parents, agent }) => {
    const known = new Array(numAgents).fill(0);
    for (const parent of parents) after[parent].forEach((count, a) => (known[a] = Math.max(known[a], count)));
    after.push(known.map((count, a) => (a === agent ? count + 1 : count)));
    return known;
  });
}
