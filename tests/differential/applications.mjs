// Documents of applications, in the engine and in yjs: a board that is dragged about, tasks, blocks of a page, cells and
// an outline. Three authors of yjs 13 change them at random and hear of each other late. The engine gets the updates one
// by one, in any order, and all at once in both formats; it must show the same, know the same and delete the same.
//
//   node applications.mjs [--seed N] [--runs N] [--steps N] [--seconds N]
//
// The engine is TROUPE_ENGINE_PIPE; it checks its invariants after each update. A failing run names its seed.
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { Engine } from './engine.mjs';
import { generator, texts } from './random.mjs';
import { version, Y } from './yjs13.mjs';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '100' },
    steps: { type: 'string', default: '80' },
    seconds: { type: 'string', default: '3600' },
  },
});
const binary = process.env.TROUPE_ENGINE_PIPE;
if (!binary) throw new Error('TROUPE_ENGINE_PIPE names no binary');

const value = (random) => random.pick([null, true, false, random.below(9), random.below(1 << 20) - 500, random.below(4000) / 100, Math.PI * random.below(9), random.pick(texts), [1, 'a'], { a: { b: null } }]);
/** Objects of a few shapes, now and then with a key of its own, or more keys than are looked up one by one. */
const fields = (random) => {
  const shape = random.pick([['type', 'x', 'y', 'width', 'height', 'label'], ['title', 'done', 'rank'], ['y', 'x'], [], Array.from({ length: 24 }, (_, i) => `field ${i}`)]);
  const own = random.chance(15) ? [`own ${random.below(99)}`] : [];
  return [...shape, ...own].map((key) => [key, value(random)]);
};
const object = (random) => new Y.Map(fields(random));
const block = (random) => {
  const made = new Y.XmlElement(random.pick(['paragraph', 'heading', 'li']));
  for (const name of ['id', 'indent', 'class'].slice(0, random.below(4))) made.setAttribute(name, random.pick(texts));
  if (random.chance(80)) made.insert(0, [new Y.XmlText(random.pick(texts))]);
  return made;
};
const place = (random, list) => random.below(list.length + 1);

/** Somebody drags one or two shapes: several transactions, each of which sets the same keys, mostly. */
const drag = (random, doc) => {
  const board = doc.getMap('board');
  const shapes = [...board.keys()];
  if (shapes.length === 0) return;
  const dragged = Array.from({ length: 1 + random.below(2) }, () => random.pick(shapes));
  const keys = ['x', 'y', 'width', 'height'].slice(0, 1 + random.below(4));
  for (let moves = random.below(12); moves > 0; moves--)
    doc.transact(() => {
      for (const name of dragged) for (const key of keys) if (!random.chance(2)) board.get(name)?.set(key, random.below(4000) / 100);
      if (random.chance(3)) board.get(dragged[0])?.delete(keys[0]);
    });
};

/** One step of somebody, in one transaction. */
const act = (random, doc) => {
  const board = doc.getMap('board'), tasks = doc.getArray('tasks'), blocks = doc.getXmlFragment('blocks'), cells = doc.getMap('cells'), outline = doc.getArray('outline');
  const shapes = [...board.keys()];
  switch (random.below(10)) {
    case 0: return board.set(`shape ${random.below(12)}`, object(random));
    case 1: case 2: case 3: {
      if (shapes.length === 0) return board.set('first', object(random));
      const shape = board.get(random.pick(shapes));
      shape.set('x', value(random));
      return random.chance(70) ? shape.set('y', value(random)) : shape.delete('label');
    }
    case 4: return random.chance(70) || tasks.length === 0 ? tasks.insert(place(random, tasks), [object(random), random.below(5)].slice(0, 1 + random.below(2))) : tasks.delete(random.below(tasks.length), 1);
    case 5: return blocks.insert(place(random, blocks), [block(random)]);
    case 6: {
      if (blocks.length === 0) return blocks.insert(0, [block(random)]);
      const one = blocks.get(random.below(blocks.length));
      if (random.chance(20)) return blocks.delete(random.below(blocks.length), 1);
      if (one.length > 0 && random.chance(50)) return one.get(0).insert(0, random.pick(texts));
      return one.setAttribute('indent', String(random.below(9)));
    }
    case 7: return cells.set(`${'ABCDEFGH'[random.below(8)]}${random.below(20)}`, random.chance(30) ? object(random) : value(random));
    case 8: {
      const node = object(random);
      const children = Array.from({ length: random.below(3) }, () => object(random));
      node.set('children', Y.Array.from(children));
      return outline.insert(place(random, outline), [node]);
    }
    default: {
      if (outline.length === 0) return undefined;
      const at = random.below(outline.length);
      if (random.chance(30)) return outline.delete(at, 1);
      return outline.get(at).get('children').insert(0, [object(random)]);
    }
  }
};

const shown = (doc) => ({ board: doc.getMap('board').toJSON(), tasks: doc.getArray('tasks').toJSON(), cells: doc.getMap('cells').toJSON(), outline: doc.getArray('outline').toJSON() });
const everything = (doc) => ({ ...shown(doc), blocks: doc.getXmlFragment('blocks').toString(), snapshot: Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString('hex') });

/** Three authors after a number of steps, all of which all know in the end; and the updates, in order. */
const write = (random, steps) => {
  const authors = [1 + random.below(5), 300, 4_000_000_000].map((client) => Object.assign(new Y.Doc(), { clientID: client }));
  const updates = [];
  const inboxes = authors.map(() => []);
  authors.forEach((author, i) => author.on('update', (update, origin) => {
    if (origin === 'others') return;
    updates.push(update);
    inboxes.forEach((inbox, k) => k !== i && inbox.push(update));
  }));
  const read = (i, count) => inboxes[i].splice(0, count).forEach((update) => Y.applyUpdate(authors[i], update, 'others'));
  for (let step = 0; step < steps; step++) {
    const i = random.below(authors.length);
    if (random.chance(25)) drag(random, authors[i]);
    else authors[i].transact(() => { for (let times = random.chance(10) ? 5 : 1; times > 0; times--) act(random, authors[i]); });
    if (random.chance(60)) read(random.below(authors.length), 1 + random.below(8));
  }
  authors.forEach((_, i) => read(i, Infinity));
  return { doc: authors[0], updates };
};

const check = async (engine, seed) => {
  const random = generator(seed);
  const { doc, updates } = write(random, Number(options.steps));
  const expected = everything(doc);
  const state = Y.encodeStateAsUpdate(doc);
  const ways = {
    'one by one': updates,
    'in any order': random.shuffled(updates),
    'merged': [await engine.merge(updates)],
    'as a state': [state],
    'as a state in v2': [Y.encodeStateAsUpdateV2(doc)],
  };
  const loaded = new Y.Doc();
  Y.applyUpdate(loaded, state);
  const bytes = Buffer.from(Y.encodeStateAsUpdate(loaded)).toString('hex');
  for (const [name, given] of Object.entries(ways)) {
    const ours = await engine.doc();
    for (const update of given) await ours.apply(update, name.endsWith('v2'));
    const json = { board: await ours.map('board'), tasks: await ours.array('tasks'), cells: await ours.map('cells'), outline: await ours.array('outline') };
    assert.deepEqual(json, JSON.parse(JSON.stringify(shown(doc))), `seed ${seed}, ${name}: what the engine shows`);
    if (name.startsWith('as a state')) assert.equal(Buffer.from(await ours.encode()).toString('hex'), bytes, `seed ${seed}, ${name}: its bytes`);
    const again = new Y.Doc();
    Y.applyUpdate(again, await ours.encode());
    assert.deepEqual(everything(again), expected, `seed ${seed}, ${name}: its state in yjs`);
    const through_v2 = new Y.Doc();
    Y.applyUpdateV2(through_v2, await ours.encode(undefined, true));
    assert.deepEqual(everything(through_v2), expected, `seed ${seed}, ${name}: its state in v2`);
    await ours.free();
  }
};

const engine = new Engine(binary);
const end = Date.now() + 1000 * Number(options.seconds);
const first = Number(options.seed);
let runs = 0;
for (; runs < Number(options.runs) && Date.now() < end; runs++) await check(engine, first + runs);
engine.close();
console.log(`${runs} runs from seed ${first}, ${options.steps} steps each: yjs ${version} and the engine agree`);
