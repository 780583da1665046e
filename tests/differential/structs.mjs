// What stands in an update, in one form whoever wrote it: structs greedily joined, ranges merged.
import assert from 'node:assert/strict';

/** Ranges [clock, end) sorted, overlapping and adjacent ones joined. */
const merged = (ranges) => {
  const result = [];
  for (const [clock, end] of ranges.sort((a, b) => a[0] - b[0])) {
    if (result.length && clock <= result.at(-1)[1]) result.at(-1)[1] = Math.max(result.at(-1)[1], end);
    else if (end > clock) result.push([clock, end]);
  }
  return result;
};
const by_client = (map) => Object.fromEntries([...map.entries()].filter(([, list]) => list.length > 0).sort(([a], [b]) => a - b));

const values_of = (content) => {
  const { constructor } = content;
  const name = constructor.name;
  switch (name) {
    case 'ContentString': return content.str;
    case 'ContentDeleted': return content.len;
    case 'ContentType': return [content.type.constructor.name, content.type.nodeName ?? content.type.hookName ?? null];
    case 'ContentFormat': return [content.key, content.value];
    case 'ContentDoc': return [content.doc.guid, content.opts];
    case 'ContentBinary': return [...content.content];
    case 'ContentEmbed': return content.embed;
    default: return [...content.arr];
  }
};
const id_of = (id) => (id ? `${id.client}:${id.clock}` : null);
const joinable = new Set(['ContentString', 'ContentAny', 'ContentJSON']);

/** Whether as one item they would mean the same. */
const continues = (left, right) =>
  joinable.has(left.kind) && left.kind === right.kind && right.origin === `${left.client}:${left.end - 1}` && left.rightOrigin === right.rightOrigin && left.end === right.clock;

/** In deleted text that is kept, how often a surrogate pair was cut depends on how its deletions arrived; nobody sees it. */
const without_halves = ({ clock, values }, deleted) => {
  const units = [...Array(values.length).keys()].map((i) => values[i]);
  for (const [from, to] of deleted)
    for (let at = Math.max(from, clock); at < Math.min(to, clock + units.length); ++at) if (/[\ud800-\udfff\ufffd]/.test(units[at - clock])) units[at - clock] = '\ufffd';
  return units.join('');
};

/**
 * What yjs 13's decodeUpdate yields as structs, skips, collected ranges and the delete set. An item that was deleted and collected is a GC
 * in one document and a tombstone in another, by when its parent went; both are `gone` here, and no more. A skip at the
 * front says no more than the clock at which a client begins.
 */
export const contents = ({ structs, ds }) => {
  const gone = new Map(), skips = new Map(), items = new Map();
  const list = (map, client) => map.get(client) ?? map.set(client, []).get(client);
  for (const struct of structs) {
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    const name = struct.constructor.name;
    if (name === 'Skip') clock > 0 && list(skips, client).push([clock, end]);
    else if (name === 'GC' || struct.content.constructor.name === 'ContentDeleted') list(gone, client).push([clock, end]);
    else {
      const parent = struct.origin || struct.rightOrigin ? null : typeof struct.parent === 'string' ? struct.parent : id_of(struct.parent);
      const entry = { client, clock, end, origin: id_of(struct.origin), rightOrigin: id_of(struct.rightOrigin), parent, key: parent ? struct.parentSub : null, kind: struct.content.constructor.name, values: values_of(struct.content) };
      const before = list(items, client).at(-1);
      if (before && continues(before, entry)) {
        before.end = end;
        before.values = before.values.concat(entry.values);
      } else list(items, client).push(entry);
    }
  }
  const deletes = new Map();
  for (const [client, ranges] of ds.clients) deletes.set(client, merged(ranges.map(({ clock, len }) => [clock, clock + len])));
  for (const [client, list] of items)
    for (const item of list) if (item.kind === 'ContentString') item.values = without_halves(item, merged(deletes.get(client) ?? []));
  const all_merged = (map) => by_client(new Map([...map].map(([client, ranges]) => [client, merged(ranges)])));
  return { items: by_client(items), gone: all_merged(gone), skips: all_merged(skips), deletes: by_client(deletes) };
};

/** Fails where two updates, as decodeUpdate yields them, hold different things. */
export const same_contents = (ours, theirs, what) => assert.deepEqual(contents(ours), contents(theirs), what);
