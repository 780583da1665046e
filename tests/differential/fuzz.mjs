// Differential fuzzing: random edits by real yjs documents are delivered to documents of our engine, out of
// order, repeated, merged, cut and in both formats, and back; in the end both must agree in every respect.
//
//   node fuzz.mjs [--seed N] [--runs N] [--steps N] [--seconds N] [--with 13|14|mixed|holes] [--keep-going]
//
// The engine is TROUPE_ENGINE_PIPE. A failing run names its seed; the same seed and --with repeat it.
import { parseArgs } from 'node:util';
import { Engine } from './engine.mjs';
import { converge, holes } from './scenarios.mjs';
import { version as version13 } from './yjs13.mjs';
import { version as version14 } from './yjs14.mjs';

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
const kinds = ['13', '14', 'mixed', 'holes'];
const steps = Number(options.steps);
const first = Number(options.seed);
const deadline = Date.now() + Number(options.seconds) * 1000;
const done = Object.fromEntries(kinds.map((kind) => [kind, 0]));
const failed = [];

let engine = new Engine(binary);
for (let seed = first; seed < first + Number(options.runs) && Date.now() < deadline; ++seed) {
  const kind = options.with ?? kinds[seed % kinds.length];
  try {
    if (kind === 'holes') await holes(engine, seed, steps);
    else await converge(engine, seed, steps, kind);
    ++done[kind];
  } catch (error) {
    console.error(`seed ${seed} (--seed ${seed} --runs 1 --steps ${steps} --with ${kind}): ${error.stack}`);
    failed.push(`${seed} with ${kind}`);
    if (!options['keep-going']) process.exit(1);
    engine.close();
    engine = new Engine(binary);
  }
}
engine.close();
const counts = Object.entries(done).map(([kind, count]) => `${kind}: ${count}`).join(', ');
console.log(`runs from seed ${first}, ${steps} steps each (${counts}): yjs ${version13}, yjs ${version14} and the engine ${failed.length ? 'disagree' : 'agree'}`);
if (failed.length) {
  console.error(`${failed.length} failed: ${failed.join('; ')}`);
  process.exitCode = 1;
}
