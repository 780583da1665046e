// Many clients of one version of y-websocket at a server that sends all of them away, and how often they come back.
import { WebSocket } from 'ws';
import * as Y from 'yjs';

import { pause } from './wait.mjs';

// Every provider listens for the end of the process; a crowd of them is no leak.
process.setMaxListeners(0);

/** The versions by their name here: the package, the Yjs that belongs to it, and how a map of that Yjs is written. */
const yjs_13 = async () => ({ Doc: Y.Doc, set: (doc, key, value) => doc.getMap('map').set(key, value) });
const yjs_14 = async () => {
  const { Doc } = await import('@y/y');
  return { Doc, set: (doc, key, value) => doc.get('map').setAttr(key, value) };
};
const packages = {
  'y-websocket 1.5.4': ['y-websocket-1', yjs_13],
  'y-websocket 2.1.0': ['y-websocket-2', yjs_13],
  'y-websocket 3.1.0': ['y-websocket', yjs_13],
  '@y/websocket 4.0.0-3': ['@y/websocket', yjs_14],
};
export const versions = Object.keys(packages);

/**
 * A crowd of `count` clients of `document` with the version's own pauses between two attempts; each has `contents`, a map
 * of keys to values. {attempts: their times in ms, closes: their codes, rate(from, to), synced(), destroy()}.
 */
export async function crowd(url, document, { version, count = 20, contents = {} }) {
  const [provider_package, yjs] = packages[version];
  const { WebsocketProvider } = await import(provider_package);
  const { Doc, set } = await yjs();
  const begin = performance.now();
  const attempts = [];
  const closes = [];
  class CountedWebSocket extends WebSocket {
    constructor(...args) {
      super(...args);
      attempts.push(performance.now() - begin);
      this.on('close', (code) => closes.push(code));
    }
  }
  const providers = Array.from({ length: count }, () => {
    const doc = new Doc();
    for (const [key, value] of Object.entries(contents)) set(doc, key, value);
    return new WebsocketProvider(url, document, doc, { WebSocketPolyfill: CountedWebSocket, disableBc: true });
  });
  return {
    attempts,
    closes,
    /** Connections a second between two times, in seconds since the beginning. */
    rate: (from, to) => attempts.filter((at) => at >= from * 1000 && at < to * 1000).length / (to - from),
    synced: () => providers.filter(({ synced }) => synced).length,
    until: (seconds) => pause(begin + seconds * 1000 - performance.now()),
    destroy: () => {
      for (const provider of providers) {
        provider.destroy();
        provider.awareness.destroy();
        provider.doc.destroy();
      }
    },
  };
}
