// Times one engine on one input, in a process of its own: node --expose-gc worker.mjs JOB, where JOB
// is {engine, input, runs, seconds} as JSON. Prints {TASK: {median_ms, runs, ...}} as JSON.
import { readFileSync } from 'node:fs';
import * as decoding from 'lib0/decoding';
import { load_engine } from './others.mjs';

const { engine: engine_name, input, runs, seconds } = JSON.parse(process.argv[2]);
const engine = await load_engine(engine_name);

/** The whole file. */
function bytes_of(file) {
  return new Uint8Array(readFileSync(file));
}

function read_updates() {
  const bytes = bytes_of(input.file);
  if (!input.is_stream) return [bytes];
  const stream = decoding.createDecoder(bytes);
  const updates = [];
  while (decoding.hasContent(stream) && updates.length < (input.first ?? Infinity)) updates.push(decoding.readVarUint8Array(stream));
  return updates;
}

const updates = read_updates();
const from = input.from === undefined ? undefined : bytes_of(input.from);
const base = input.base === undefined ? undefined : bytes_of(input.base);
let kept; // the last result, so that none is thought to be unused

/** The document before the updates. */
function begin() {
  const doc = engine.create();
  if (base !== undefined) engine.apply(doc, base, input.format);
  return doc;
}

function load(doc = begin()) {
  for (const update of updates) engine.apply(doc, update, input.format);
  return doc;
}

/** Milliseconds of one `work`, given what `prepare` makes; that and `clean` are not timed. */
function time({ prepare = () => undefined, work, clean = () => undefined, calls = 1 }) {
  const prepared = prepare();
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) kept = work(prepared);
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  clean(prepared, kept);
  return took / calls;
}

/** The median of up to `runs` runs after a warm-up; three at least, and three are enough for slow things. */
function repeat(what) {
  const first = time(what);
  const deadline = () => performance.now() + seconds * 1000;
  if (first < 1000) for (let i = 0, end = deadline(); i < 30 && performance.now() < end; i++) time(what);
  const times = [];
  for (const end = deadline(); times.length < 3 || (times.length < runs && performance.now() < end); ) times.push(time(what));
  times.sort((a, b) => a - b);
  return { median_ms: times[times.length >> 1], min_ms: times[0], runs: times.length };
}

const size_of = (value) => (typeof value === 'string' ? Buffer.byteLength(value) : value.length);

/** Times reading from one document that does not change; microseconds many times between readings of the clock. */
function repeat_reading(work) {
  const doc = load();
  const once = () => work(doc);
  const calls = 1 + Math.floor(0.1 / Math.max(time({ work: once }), 1e-4));
  const timing = repeat({ work: once, calls });
  const output_bytes = size_of(kept);
  engine.free(doc);
  return { ...timing, output_bytes };
}

const loading = () => repeat({ prepare: begin, work: load, clean: engine.free });
const encode = (doc) => engine.encode(doc, undefined, input.format);
const tasks = {
  load: loading,
  apply: loading,
  encode() {
    const cold = repeat({ prepare: () => load(), work: encode, clean: engine.free });
    const warm = repeat_reading(encode);
    return { ...cold, warm_median_ms: warm.median_ms, warm_min_ms: warm.min_ms };
  },
  diff: () => repeat_reading((doc) => engine.encode(doc, from, input.format)),
  'state-vector': () => repeat_reading((doc) => engine.state_vector(doc)),
  text: () => repeat_reading((doc) => engine.text(doc, input.root)),
  json: () => repeat_reading((doc) => engine.json(doc, input.root)),
  merge: () => (engine.merge === undefined ? undefined : repeat({ work: () => engine.merge(updates, input.format) })),
  memory() {
    const bytes = engine.memory(() => load());
    const doc = load();
    return { bytes, items: engine.items(doc) };
  },
};

const figures = {};
for (const task of input.tasks) figures[task] = tasks[task]();
console.log(JSON.stringify(figures));
