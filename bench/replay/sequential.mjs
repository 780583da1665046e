// One author, one watcher, one late joiner: the trace of a paper written by one person.
import { yjs_client } from '../../tests/interop/support/clients.mjs';
import { keep_pace, turn_until } from './pace.mjs';
import { apply_txn } from './traces.mjs';

const pace_interval = 50; // edits between two looks at the pace

/** Replays `trace` on the server at `url`. Returns the row of the report. */
export async function replay_sequential(url, name, trace) {
  const document = `replay-${name}-${process.pid}-${Date.now()}`;
  const author = new yjs_client(url, document);
  const watcher = new yjs_client(url, document);
  const clients = [author, watcher];
  try {
    await Promise.all(clients.map((client) => client.synced()));
    if (trace.startContent) author.text.insert(0, trace.startContent);
    const id = author.doc.clientID;
    let written = trace.startContent?.length ?? 0;
    const begin = performance.now();
    for (const [index, txn] of trace.txns.entries()) {
      apply_txn(author.text, txn, trace.astral);
      for (const [, , inserted] of txn.patches) written += inserted.length;
      if (index % pace_interval === 0) await keep_pace(author, watcher, id, written);
    }
    await turn_until(
      () => watcher.text.length === author.text.length && watcher.text.toString() === author.text.toString(),
      'the watcher has the whole text',
    );
    const seconds = (performance.now() - begin) / 1000;
    const join_begin = performance.now();
    const joiner = new yjs_client(url, document);
    clients.push(joiner);
    await joiner.synced(60_000);
    return {
      trace: name,
      edits: trace.edits,
      seconds,
      late_join_seconds: (performance.now() - join_begin) / 1000,
      agree: clients.every((client) => client.text.toString() === trace.endContent),
      compared_with: 'the end of the trace',
      connections_lost: author.closes.length + watcher.closes.length,
    };
  } finally {
    for (const client of clients) client.destroy();
  }
}
