// One server for a test file, or one for a test, and clients that are gone after each test.
import { after, afterEach, before } from 'node:test';

import { raw_socket, yjs_client } from './clients.mjs';
import { json_client } from './json_client.mjs';
import { start_server } from './server.mjs';

/**
 * Starts a server before the tests of the calling file and stops it behind them (which fails if it
 * did not end in order). Returns {server, document(), client(), raw()}.
 */
export function use_server(settings = {}) {
  const open = new Set();
  let documents = 0;
  const track = (thing) => {
    open.add(thing);
    return thing;
  };
  const fixture = {
    server: undefined,
    /** A document name that no other test of the file uses. */
    document: () => `document-${++documents}`,
    /** A real client of `document`; see yjs_client for the options. `url`: where it connects to, if not to the server itself. */
    client: (document, { url = fixture.server.url, ...options } = {}) => track(new yjs_client(url, document, options)),
    /** A raw socket on `path` (with its leading slash). */
    raw: (path, options) => track(new raw_socket(fixture.server.url, path, options)),
    /** Destroys all clients that are open. */
    close_all: () => {
      for (const thing of open) thing.destroy();
      open.clear();
    },
  };
  before(async () => {
    fixture.server = await start_server(settings);
  });
  afterEach(fixture.close_all);
  after(() => fixture.server?.stop());
  return fixture;
}

/**
 * A server for one test, with settings of its own: {server, client(), raw(), json()}. `json` resolves to an open client;
 * `options` are those of start_server. Behind the test its clients are destroyed, the frames of the JSON ones checked, and
 * the server is stopped, which fails if it does not end in order.
 */
export async function own_server(context, settings = {}, options = {}) {
  const server = await start_server(settings, options);
  const open = [];
  const track = (thing) => {
    open.push(thing);
    return thing;
  };
  context.after(async () => {
    for (const thing of open) thing.destroy();
    await server.stop();
    for (const thing of open) thing.check?.();
  });
  return {
    server,
    track,
    client: (document, how) => track(new yjs_client(server.url, document, how)),
    raw: (path, how) => track(new raw_socket(server.url, path, how)),
    json: (path, how) => track(new json_client(server.url, path, how)).open(),
  };
}
