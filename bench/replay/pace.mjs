// How fast a replay may go: as fast as the sockets take it, but never further ahead of a reader than a
// window, so that neither side has to hold an unbounded queue.
import { setImmediate as next_turn } from 'node:timers/promises';

import { Y } from '../../tests/interop/support/clients.mjs';

const buffered_bytes_max = 256 * 1024;
const window_units = 2000;
const stall_ms = 60_000;

/** Lets the event loop turn until `condition()` holds. Fails if that takes longer than a minute. */
export async function turn_until(condition, what) {
  const deadline = Date.now() + stall_ms;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`no progress in ${stall_ms / 1000} s: ${what}`);
    await next_turn();
  }
}

/** How many units of `client_id` the document of `reader` holds. */
export const units_of = (reader, client_id) => Y.getState(reader.doc.store, client_id);

/** Waits while `writer` has too much in its socket, or `reader` is too far behind `written` units. */
export async function keep_pace(writer, reader, client_id, written) {
  const ready = () =>
    (writer.provider.ws?.bufferedAmount ?? 0) < buffered_bytes_max &&
    written - units_of(reader, client_id) < window_units;
  await turn_until(ready, `the reader of client ${client_id} keeps up`);
}
