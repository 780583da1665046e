// Seeded chance: a generator, and the values, texts and keys that edits are made of.

/** A seeded generator of 32-bit numbers (mulberry32). */
export const generator = (seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (bound) => (bound <= 0 ? 0 : next() % bound);
  const shuffled = (list) => {
    const left = [...list];
    return list.map(() => left.splice(below(left.length), 1)[0]);
  };
  return { below, shuffled, chance: (percent) => below(100) < percent, pick: (list) => list[below(list.length)] };
};

export const texts = ['a', 'bc', 'typing', 'été', '€', 'x😀y', '🎭', '👩‍👩‍👧', '\n', 'a longer run of text, as when somebody pastes'];
export const keys = ['one', 'two', 'three', '1', 'ключ'];
const big_text = 'much text 😀 '.repeat(6000);

/** A value as shared types hold them. `undefined` only at the top: arrays and objects of yjs say null then. */
export const random_value = (random, depth = 0) => {
  switch (random.below(depth > 2 ? 10 : 13)) {
    case 0: return null;
    case 1: return true;
    case 2: return random.below(100) - 50;
    case 3: return random.below(1 << 30) * 8;
    case 4: return 0.5 + random.below(100);
    case 5: return Math.PI * random.below(1000);
    case 6: return random.chance(1) ? big_text : random.pick(texts);
    case 7: return 2 ** 53 - random.below(5);
    case 8: return undefined;
    case 9: return random.chance(50) ? BigInt(random.below(1000)) - 500n : random.chance(50) ? -0 : NaN;
    case 10: return new Uint8Array([random.below(256), 0, 255]);
    case 11: return Array.from({ length: random.below(4) }, () => random_value(random, depth + 1) ?? null);
    default: return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(keys), random_value(random, depth + 1) ?? null]));
  }
};

/** A format: keys to values, null taking one away. */
export const random_format = (random) => random.pick([{ bold: true }, { bold: null }, { color: { r: random.below(3) } }, { bold: true, size: random.below(4) }]);

/** Whether a text has surrogate pairs. A format that changes nothing still cuts the text of its author, through pairs
 * too, and tells nobody: not even two yjs documents agree then. So there are no formats where there are pairs. */
export const has_pairs = (text) => /[\ud800-\udfff]/.test(text);
