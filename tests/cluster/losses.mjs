// What others lose, as rows: measured at Hocuspocus 4.7 with Redis, 60 documents each with one writer at one server and
// one reader at another. Links cut while people write: 4 to 6 documents differed until somebody edited again. The broker
// gone for 1 s or 15 s: 19 to 22, 37 to 53. A server killed with the only open copy: all that was acknowledged. A reader
// elsewhere who leaves without an edit after the kill: 197 to 697 acknowledged edits.
import { pause } from './round.mjs';
import { contents_of, set_editor } from './workload.mjs';

const count_of = (run) => run.form.documents ?? 60;
const period_ms = 100; // of each writer

/** Writers of all documents at one node and readers at another, who only watch. */
async function writers_and_readers(run, writing, reading, name) {
  const pairs = [];
  for (let i = 0; i < count_of(run); ++i) {
    const document = `${name}-${i}`;
    const editor = new set_editor(writing, document, `${document}.writer`, run.book);
    const reader = reading?.client(document);
    pairs.push({ document, editor, reader });
  }
  for (const { document, editor, reader } of pairs) {
    if (!(await editor.joined())) run.problem(`${document}: its writer cannot join: ${editor.closed_with ?? 'no answer'}`);
    await reader?.synced(15_000);
  }
  return pairs;
}

/** Each writer writes until its own last moment (`ends_at(i)`), ten times a second. */
async function write_until(pairs, ends_at) {
  await Promise.all(
    pairs.map(async ({ editor }, i) => {
      await pause((period_ms * i) / pairs.length);
      while (performance.now() < ends_at(i) && !editor.is_over) {
        editor.append();
        await pause(period_ms);
      }
    }),
  );
}

/** How many readers do not show what their writer has, without any new edit. */
function differing(run, pairs) {
  const differs = pairs.filter(({ editor, reader }) => contents_of(reader.doc).state !== contents_of(editor.doc).state);
  run.figures.differing += differs.length;
  if (differs.length > 0) run.problem(`${differs.length} of ${pairs.length} documents differ, the first is ${differs[0].document}`);
}

async function wait_until_same(run, pairs, healed, ms) {
  const same = () => pairs.every(({ editor, reader }) => contents_of(reader.doc).list.length === editor.count);
  while (!same() && performance.now() < healed + ms) await pause(50);
  if (same()) run.note_convergence(performance.now() - healed);
}

function leave(pairs) {
  for (const { editor, reader } of pairs) {
    editor.destroy();
    reader?.destroy();
  }
}
/** The first and the second node, and a third; where nodes are fewer, for trying out, one of them again. */
const first_nodes = ({ nodes }) => [0, 1, 2].map((at) => nodes[at % nodes.length]);
const documents_of = (pairs) => pairs.map(({ document }) => document);

/** The last edits are spread over a second before the fault until a second after its end. */
async function last_edits_over(run, { reading, fault, lasts_ms, name }) {
  const [writing] = run.nodes;
  const pairs = await writers_and_readers(run, writing, reading, name);
  run.book.watch(documents_of(pairs));
  const begins = performance.now() + (run.form.warm_ms ?? 2000);
  const from = begins - 500;
  const to = begins + lasts_ms + 500;
  const writing_is_over = write_until(pairs, (i) => from + ((to - from) * (i + 1)) / pairs.length);
  await pause(begins - performance.now());
  await fault();
  run.network.heal();
  const healed = performance.now();
  await writing_is_over;
  for (const { document, editor } of pairs)
    if ((await editor.settled()) > 0) run.problem(`${document}: edits were not acknowledged though all was healed`);
  run.book.unwatch();
  await wait_until_same(run, pairs, Math.max(healed, performance.now()), 10_000);
  differing(run, pairs);
  leave(pairs);
  await run.cluster.converged(documents_of(pairs)).catch((error) => run.problem(error.message));
  await run.check(documents_of(pairs));
  ++run.figures.rounds;
}

const forms = (rounds, minutes_max) => ({ short: { rounds: 1, documents: 20, warm_ms: 1000, minutes_max: 3 }, long: { rounds, minutes_max } });
const round_name = (run) => `${run.row.name}-${run.figures.rounds}`;

/** A node is killed and comes back; in turns the one of the readers and, where there is one, a third. */
const killed_while_writing = (seconds) => async (run) => {
  const [, second, third] = first_nodes(run);
  const node = run.figures.rounds % 2 === 0 ? third : second;
  await last_edits_over(run, {
    name: round_name(run), reading: second, lasts_ms: 1000 * seconds,
    fault: async () => {
      await node.kill();
      await pause(1000 * seconds);
      await node.start();
    },
  });
};

/** Some acknowledged edits of each document at a node, which is killed then. */
async function write_and_kill(run, reading) {
  const [node] = run.nodes;
  const pairs = await writers_and_readers(run, node, reading, round_name(run));
  run.book.watch(documents_of(pairs));
  const end = performance.now() + (run.form.warm_ms ?? 6000);
  await write_until(pairs, () => end);
  run.book.unwatch();
  await node.kill();
  return pairs;
}

/** The killed node comes back, and all hold the same. */
async function come_back(run, pairs) {
  await run.nodes[0].start();
  await run.converge(documents_of(pairs), performance.now());
  await run.check(documents_of(pairs));
  ++run.figures.rounds;
}

export const losses = [
  {
    name: 'link-broken', what: 'the link broken while people write, whole at once; last edits around that', ...forms(3, 8),
    round: (run) => {
      const [a, b] = first_nodes(run);
      return last_edits_over(run, { name: round_name(run), reading: b, lasts_ms: 0, fault: async () => run.network.reset(a.name, b.name) });
    },
  },
  {
    name: 'link-cut', what: 'the link cut for 8 s while people write; last edits around that', ...forms(3, 8),
    round: (run) => {
      const [a, b] = first_nodes(run);
      const fault = async () => {
        run.network.cut(a.name, b.name);
        await pause(8000);
      };
      return last_edits_over(run, { name: round_name(run), reading: b, lasts_ms: 8000, fault });
    },
  },
  { name: 'killed-1s', what: 'a third node or that of the readers killed for 1 s; last edits around that', ...forms(4, 8), round: killed_while_writing(1) },
  { name: 'killed-15s', what: 'the same for 15 s', ...forms(4, 10), round: killed_while_writing(15) },
  {
    name: 'only-copy', what: 'a node killed that had the only open copies, read elsewhere', ...forms(3, 8),
    round: async (run) => {
      const pairs = await write_and_kill(run, undefined);
      leave(pairs);
      await run.check(documents_of(pairs)); // on those that are left
      await come_back(run, pairs);
    },
  },
  {
    name: 'reader-leaves', what: 'the node of the writers killed, readers elsewhere leave without an edit', ...forms(3, 8),
    round: async (run) => {
      const pairs = await write_and_kill(run, first_nodes(run)[1]);
      await pause(500);
      leave(pairs);
      await pause(2000); // documents are unloaded
      await run.check(documents_of(pairs));
      await come_back(run, pairs);
    },
  },
];
