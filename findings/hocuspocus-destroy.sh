#!/usr/bin/env bash
# @hocuspocus/provider 3.4.4: a provider that is destroyed just after it lost its connection connects again, and stays.
#
# Expected: after destroy() a provider opens no socket any more.
# Happens:  when its socket closes, version 3 sets a timer of `delay` (1 s unless set) that connects. destroy() does not stop
#           it, and connecting sets the flag again that destroy() has cleared: the socket that nobody has any more opens and
#           stays open, or is tried for ever if no server answers. Versions 2.15.3 and 4.8.0 open nothing more.
# Matters:  an editor that is left while the server restarts stays as a connection without a document: it takes a place of
#           the server's limits, and a program (a test, a worker) never ends. A server has to close connections whose clients
#           show no token and join no document; troupe does so after 30 s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-fund --no-audit --save-exact ws@8.23.0 yjs@13.6.33 y-protocols@1.0.7 \
  two@npm:@hocuspocus/provider@2.15.3 three@npm:@hocuspocus/provider@3.4.4 four@npm:@hocuspocus/provider@4.8.0
cat >finding.mjs <<'E2'
import { readFileSync } from 'node:fs';
import { WebSocket, WebSocketServer } from 'ws';
import * as Y from 'yjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
class quiet_socket extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
  }
}
console.log(`yjs ${version('yjs')}, ws ${version('ws')}, node ${process.version}`);

/** A provider that is destroyed 300 ms after the end of its connection; how many sockets it opens from then on, and how many stay. */
async function destroyed(name, refuses) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient: () => tries++ === 0 || !refuses });
  await new Promise((resolve) => server.once('listening', resolve));
  let tries = 0;
  const { HocuspocusProvider, HocuspocusProviderWebsocket } = await import(name);
  const url = `ws://127.0.0.1:${server.address().port}`;
  const socket = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: quiet_socket, maxDelay: 1000 });
  const provider = new HocuspocusProvider({ websocketProvider: socket, name: 'a', document: new Y.Doc(), token: 'any' });
  provider.attach?.();
  while (server.clients.size === 0) await pause(10);
  await pause(200);
  for (const each of server.clients) each.close(1001);
  await pause(300); // less than `delay`
  provider.destroy();
  socket.destroy();
  const before = tries;
  await pause(6000);
  const result = { tries: tries - before, open: server.clients.size };
  for (const each of server.clients) each.terminate();
  server.close();
  return result;
}

const seen = {};
for (const name of ['two', 'three', 'four']) {
  const [lets_in, refuses] = await Promise.all([destroyed(name, false), destroyed(name, true)]);
  seen[name] = [lets_in.open, refuses.tries];
  console.log(`@hocuspocus/provider ${version(name)}, 6 s after destroy(): ${lets_in.open} sockets open at a server that lets it in, ` +
    `${refuses.tries} tries at one that does not`);
}
const is_quiet = ([open, tries]) => open === 0 && tries === 0;
const is_so = is_quiet(seen.two) && seen.three[0] === 1 && seen.three[1] >= 3 && is_quiet(seen.four);
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
