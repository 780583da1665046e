// How values that JSON lacks are written in the .json files beside the golden updates. The table is in
// README.md. Everything else stands for itself.

/** A JSON-safe form of any value that Yjs can hold. */
export function plain(value) {
  if (value === undefined) return { $undefined: true };
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return { $number: '-0' };
    return Number.isFinite(value) ? value : { $number: String(value) };
  }
  if (value instanceof Uint8Array) return { $bytes: hex(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  if (typeof value.guid === 'string') {
    return { $subdocument: value.guid, autoLoad: value.autoLoad, gc: value.gc, meta: plain(value.meta) };
  }
  if (typeof value.toJSON === 'function') return plain(value.toJSON());
  const sorted = Object.keys(value).sort();
  return Object.fromEntries(sorted.map((key) => [key, plain(value[key])]));
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
