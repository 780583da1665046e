// Frames of the y-websocket protocol, built and read by hand where the tests need exact bytes.
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

export const message = { sync: 0, awareness: 1, auth: 2, query_awareness: 3 };
export const sync = { step1: 0, step2: 1, update: 2 };

/** The bytes of a hex string; blanks are for the reader. */
export const hex = (text) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

/** True if both hold the same bytes. */
export const same_bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

function write(...parts) {
  const encoder = encoding.createEncoder();
  for (const part of parts) {
    if (typeof part === 'number') encoding.writeVarUint(encoder, part);
    else encoding.writeVarUint8Array(encoder, part);
  }
  return encoding.toUint8Array(encoder);
}

/** SyncStep1 that asks for all that `doc` (default: an empty one) lacks. */
export const sync_step1 = (doc = new Y.Doc()) => write(message.sync, sync.step1, Y.encodeStateVector(doc));

/** An update frame with the given bytes, valid or not. */
export const update_frame = (update) => write(message.sync, sync.update, update);

/** An awareness frame with the given awareness update, valid or not. */
export const awareness_frame = (update) => write(message.awareness, update);

/** The awareness update that shows [{client, clock, state}]. */
export function awareness_update(entries) {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const { client, clock, state } of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, JSON.stringify(state));
  }
  return encoding.toUint8Array(encoder);
}

/** The frame that keeps a silent client alive: an awareness update about nobody. */
export const keep_alive_frame = hex('01 01 00');

/** {type, subtype} of a frame that the server sent; `subtype` for sync messages only. */
export function frame_type(frame) {
  const decoder = decoding.createDecoder(frame);
  const type = decoding.readVarUint(decoder);
  return { type, subtype: type === message.sync ? decoding.readVarUint(decoder) : undefined };
}

/** The update that a frame carries; undefined if it carries none. */
export function update_in(frame) {
  const decoder = decoding.createDecoder(frame);
  if (decoding.readVarUint(decoder) !== message.sync || decoding.readVarUint(decoder) !== sync.update) return undefined;
  return decoding.readVarUint8Array(decoder);
}

/** The states in an awareness frame: [{client, clock, state}]. */
export function awareness_states(frame) {
  const outer = decoding.createDecoder(frame);
  decoding.readVarUint(outer);
  const decoder = decoding.createDecoder(decoding.readVarUint8Array(outer));
  return Array.from({ length: decoding.readVarUint(decoder) }, () => ({
    client: decoding.readVarUint(decoder),
    clock: decoding.readVarUint(decoder),
    state: JSON.parse(decoding.readVarString(decoder)),
  }));
}
