// Restoring by our engine, seen by real yjs. Authors edit at random; the state of one moment is kept; they edit on;
// the engine brings back what that state showed, as one edit. Documents of yjs that receive the edit must show it
// too, and what was edited meanwhile and arrives later must leave all documents equal.
//
//   node restore.mjs [--seed N] [--runs N] [--steps N] [--seconds N] [--with 13|14] [--keep-going]
//
// The engine is TROUPE_ENGINE_PIPE. A failing run names its seed; the same seed and --with repeat it.
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { Engine } from './engine.mjs';
import { generator } from './random.mjs';
import * as yjs13 from './yjs13.mjs';
import * as yjs14 from './yjs14.mjs';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '200' },
    steps: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '3600' },
    with: { type: 'string' },
    'keep-going': { type: 'boolean', default: false },
  },
});
const binary = process.env.TROUPE_ENGINE_PIPE;
if (!binary) throw new Error('TROUPE_ENGINE_PIPE names no binary');

const restorer = 2 ** 53 - 1;

/** A fresh document that loaded the update. */
const loaded = (yjs, update) => {
  const doc = new yjs.Y.Doc({ isSuggestionDoc: true });
  yjs.Y.applyUpdate(doc, update);
  return doc;
};

/** Exchanges everything until nobody has news; authors tidy formats up after remote changes. */
const settle = async (authors, ours) => {
  for (let quiet = false; !quiet; ) {
    quiet = true;
    for (const author of authors) {
      for (const { v1 } of author.made.splice(0)) {
        quiet = false;
        await ours.apply(v1);
        for (const other of authors) if (other !== author) other.Y.applyUpdate(other.doc, v1, 'remote');
      }
    }
  }
};

const run = async (engine, seed, steps, yjs) => {
  const random = generator(seed);
  const authors = [1, 2, 3].map((n) => yjs.make_author(n * 1000 + random.below(999), random.chance(80)));
  const ours = await engine.doc({ gc: random.chance(80) });
  const edit = async (count, exchange) => {
    for (let i = 0; i < count; ++i) {
      random.pick(authors).edit(random);
      if (random.chance(exchange)) await settle(authors, ours);
    }
  };
  await edit(random.below(steps), 30);
  await settle(authors, ours);
  const then = await ours.encode();
  const wanted = yjs.shown(loaded(yjs, then));
  assert.equal(await ours.restore(restorer, then), false, 'nothing to restore');
  if (random.chance(10)) authors[0].doc.transact(() => { // everything of two roots goes
    for (const root of ['text', 'array']) {
      const type = yjs === yjs13 ? (root === 'text' ? authors[0].doc.getText(root) : authors[0].doc.getArray(root)) : authors[0].doc.get(root);
      try { if (type.length) type.delete(0, type.length); } catch (error) { if (error.message !== 'Length exceeded!') throw error; }
    }
  });
  await edit(1 + random.below(steps), 30);
  const is_settled = random.chance(50);
  if (is_settled) await settle(authors, ours);
  else if (random.chance(50)) for (const { v1 } of authors[0].made) await ours.apply(v1);

  const before = await ours.encode();
  const changed = await ours.restore(restorer, then);
  const change = changed ? await ours.last_change() : null;
  assert.deepEqual(yjs.shown(loaded(yjs, await ours.encode())), wanted, 'what the restored state shows');
  if (change) {
    const reader = loaded(yjs, before);
    yjs.Y.applyUpdate(reader, change);
    assert.deepEqual(yjs.shown(reader), wanted, 'what a reader sees that receives the edit');
    const fresh = await engine.doc();
    await fresh.apply(before);
    await fresh.apply(change);
    assert.deepEqual(yjs.shown(loaded(yjs, await fresh.encode())), wanted, 'what the engine has that receives the edit');
    await fresh.free();
  }
  assert.equal(await ours.restore(restorer - 1, then), false, 'a second time');

  // Live authors, some of whom have edited meanwhile.
  if (change) for (const author of authors) author.Y.applyUpdate(author.doc, change, 'remote');
  await settle(authors, ours);
  const state = await ours.encode();
  if (is_settled) for (const author of authors) assert.deepEqual(yjs.shown(author.doc), wanted, 'what a live author sees');
  for (const author of authors) {
    author.Y.applyUpdate(author.doc, state, 'remote');
    assert.deepEqual(yjs.shown(author.doc), yjs.shown(loaded(yjs, state)), 'what all see in the end');
  }
  // The document goes on, and can be brought back again, and further back.
  await edit(random.below(10), 100);
  await settle(authors, ours);
  await ours.restore(restorer - 2, then);
  assert.deepEqual(yjs.shown(loaded(yjs, await ours.encode())), wanted, 'restored again');
  await ours.free();
  return changed;
};

const steps = Number(options.steps);
const first = Number(options.seed);
const deadline = Date.now() + Number(options.seconds) * 1000;
const failed = [];
let done = 0;
let changes = 0;
let engine = new Engine(binary);
for (let seed = first; seed < first + Number(options.runs) && Date.now() < deadline; ++seed) {
  const kind = options.with ?? (seed % 3 === 0 ? '14' : '13');
  try {
    if (await run(engine, seed, steps, kind === '14' ? yjs14 : yjs13)) ++changes;
    ++done;
  } catch (error) {
    console.error(`seed ${seed} (--seed ${seed} --runs 1 --steps ${steps} --with ${kind}): ${error.stack}`);
    failed.push(`${seed} with ${kind}`);
    if (!options['keep-going']) process.exit(1);
    engine.close();
    engine = new Engine(binary);
  }
}
engine.close();
console.log(`${done} runs from seed ${first}, ${steps} steps each, ${changes} of which had something to restore: yjs ${yjs13.version}, yjs ${yjs14.version} and the engine ${failed.length ? 'disagree' : 'agree'}`);
if (failed.length) {
  console.error(`${failed.length} failed: ${failed.join('; ')}`);
  process.exitCode = 1;
}
