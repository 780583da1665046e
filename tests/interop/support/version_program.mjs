// A Yjs client of one version as a program of its own, so that another runtime can run it: it loads a version of the
// provider with the Yjs that belongs to it, and does what the lines of JSON on its input say.
//
//     RUNTIME version_program.mjs VERSION URL DOCUMENT NAME [TOKEN]
//
// TOKEN is JSON: a text, or for y-sweet the client token that a backend got.
// Each line {id, call, args} is answered by one line {id, value} or {id, error}. It ends with its input.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [version, url, document, name, token_text = '"any"'] = process.argv.slice(2);
const token = JSON.parse(token_text);

/** What yjs 13 and 14 do under different names. */
const yjs_13 = (doc) => ({
  write: (text) => doc.getText('text').insert(doc.getText('text').length, text),
  embolden: (at, length) => doc.getText('text').format(at, length, { bold: true }),
  erase: (at, length) => doc.getText('text').delete(at, length),
  set: (key, value) => doc.getMap('map').set(key, value),
  push: (value) => doc.getArray('array').push([value]),
  delta: () => doc.getText('text').toDelta().map(({ insert, attributes }) => [insert, attributes]),
  map: () => doc.getMap('map').toJSON(),
  array: () => doc.getArray('array').toJSON(),
});
const yjs_14 = (doc) => ({
  write: (text) => doc.get('text').insert(doc.get('text').length, text),
  embolden: (at, length) => doc.get('text').format(at, length, { bold: true }),
  erase: (at, length) => doc.get('text').delete(at, length),
  set: (key, value) => doc.get('map').setAttr(key, value),
  push: (value) => doc.get('array').insert(doc.get('array').length, [value]),
  delta: () => doc.get('text').toDelta().toJSON().children?.map(({ insert, format }) => [insert, format]) ?? [],
  map: () => Object.fromEntries(Object.entries(doc.get('map').toDelta().toJSON().attrs ?? {}).map(([key, { value }]) => [key, value])),
  array: () => (doc.get('array').toDelta().toJSON().children ?? []).flatMap(({ insert }) => insert),
});

// Node before 20.19 cannot import 1.5.4: its modules are not marked as such.
const by_require = createRequire(import.meta.url);
const by_import = (name) => import(name);

/** The provider and the Yjs that belong together, by the names of tests/interop/package.json. */
const versions = {
  'y-websocket 1.5.4': ['y-websocket-1', 'yjs', yjs_13, by_require],
  'y-websocket 2.1.0': ['y-websocket-2', 'yjs', yjs_13, by_import],
  'y-websocket 3.1.0': ['y-websocket', 'yjs', yjs_13, by_import],
  '@y/websocket 4.0.0-3': ['@y/websocket', '@y/y', yjs_14, by_import],
  'hocuspocus 2.15.3': ['hocuspocus-provider-2', 'yjs', yjs_13, by_import],
  'hocuspocus 3.4.4': ['hocuspocus-provider-3', 'yjs', yjs_13, by_import],
  'hocuspocus 4.8.0': ['hocuspocus-provider-4', 'yjs', yjs_13, by_import],
  'y-sweet 0.9.1': ['@y-sweet/client', 'yjs', yjs_13, by_import],
};

/** Neighbours with equal formats as one: yjs 13 keeps pieces that 14 joins. */
function joined(delta) {
  const pieces = [];
  for (const [insert, format] of delta) {
    const now = JSON.stringify(format ?? {});
    if (pieces.at(-1)?.format === now) pieces.at(-1).insert += insert;
    else pieces.push({ insert, format: now });
  }
  return pieces;
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

const [provider_package, yjs_package, contents_of, load] = versions[version];
const provider_module = await load(provider_package);
const Y = await load(yjs_package);
const lib0 = await import('lib0/decoding');
// The runtime's own WebSocket, but not that of Node before 24: a connection that fails never closes there, so the
// provider would not try again. Bun and Deno also say which Node they stand for.
const has_own = Number(process.versions.node.split('.')[0]) >= 24;
const WebSocketPolyfill = has_own ? globalThis.WebSocket : (await import('ws')).WebSocket;

const doc = new Y.Doc();

/**
 * Its providers have no word for "saved": what an application can see is that the server sends each update back to its
 * author once it is stored. `echoed` is how many of this client's changes have come back.
 */
function count_echoes(provider) {
  let echoed = 0;
  const types = provider.messageHandlers;
  const read_sync = types[0];
  types[0] = (encoder, decoder, ...rest) => {
    const { arr, pos } = decoder;
    const [kind, update] = [arr[pos], lib0.readVarUint8Array({ arr, pos: pos + 1 })];
    if (kind === 2) echoed = Math.max(echoed, clock_in(update));
    return read_sync(encoder, decoder, ...rest);
  };
  const clock_in = (update) =>
    Math.max(0, ...Y.decodeUpdate(update).structs.filter(({ id }) => id.client === doc.clientID).map(({ id, length }) => id.clock + length));
  const written = () => Y.decodeStateVector(Y.encodeStateVector(doc)).get(doc.clientID) ?? 0;
  return () => echoed >= written();
}

/** What the providers of the families do under different names. */
function open_y_websocket() {
  const how = { WebSocketPolyfill, disableBc: true, maxBackoffTime: 500, params: token === 'any' ? {} : { token } };
  const provider = new provider_module.WebsocketProvider(url, document, doc, how);
  return { provider, connect: () => provider.connect(), disconnect: () => provider.disconnect(), saved: count_echoes(provider), socket: () => provider.ws };
}
function open_hocuspocus() {
  const { HocuspocusProvider, HocuspocusProviderWebsocket } = provider_module;
  const retries = { delay: 200, minDelay: 200, maxDelay: 500, factor: 1 };
  const socket = new HocuspocusProviderWebsocket({ url: `${url}/hocuspocus`, WebSocketPolyfill, ...retries });
  const provider = new HocuspocusProvider({ websocketProvider: socket, name: document, document: doc, token });
  if (!version.startsWith('hocuspocus 2')) provider.attach(); // version 2 does by itself
  return {
    provider, connect: () => void socket.connect(), disconnect: () => socket.disconnect(),
    saved: () => !provider.hasUnsyncedChanges, socket: () => socket.webSocket,
  };
}

/** Its disconnect() comes back by itself, so it is offline while it is given no token. */
function open_y_sweet() {
  const path = `/y-sweet/d/${document}`;
  const where = { url: `${url}${path}/ws`, baseUrl: `${url.replace(/^ws/, 'http')}${path}`, docId: document };
  let gate, open_gate;
  const get_token = async () => (await gate, token === 'any' ? where : token);
  const provider = new provider_module.YSweetProvider(get_token, document, doc, { WebSocketPolyfill, showDebuggerLink: false });
  const disconnect = () => {
    gate = new Promise((resolve) => (open_gate = resolve));
    provider.clientToken = null;
    provider.websocket.close();
  };
  return {
    provider, connect: () => ((gate = undefined), open_gate()), disconnect,
    saved: () => !provider.hasLocalChanges, socket: () => provider.websocket,
  };
}

const contents = contents_of(doc);
const opens = { 'hocuspocus-': open_hocuspocus, '@y-sweet/cl': open_y_sweet };
const open = opens[provider_package.slice(0, 11)] ?? open_y_websocket;
const { provider, connect, disconnect, saved, socket } = open();
provider.awareness.setLocalStateField('user', { name });

const calls = {
  write: contents.write,
  embolden: contents.embolden,
  erase: contents.erase,
  set: contents.set,
  push: contents.push,
  connect,
  disconnect,
  /** Ends the connection without a word, as a line that is cut; the provider comes back by itself. */
  drop: () => (socket()?._socket ? socket()._socket.destroy() : socket()?.close()),
  /** The same as state, without the contents. */
  progress: () => ({ synced: provider.synced, saved: saved() }),
  state: () => ({
    synced: provider.synced,
    saved: saved(),
    seen: [...provider.awareness.getStates().values()].map((state) => state.user?.name).filter(Boolean).sort(),
    contents: JSON.stringify([joined(contents.delta()), sorted(contents.map()), contents.array()]),
  }),
};

const answer = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, call, args } = JSON.parse(line);
    try {
      answer({ id, value: calls[call](...args) });
    } catch (error) {
      answer({ id, error: `${error.stack}` });
    }
  })
  .on('close', () => process.exit(0));
