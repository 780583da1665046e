#!/usr/bin/env bash
# The WebSocket of Node 20 (--experimental-websocket) and of Node 22: a connection that fails never closes.
#
# Expected: a connection that cannot be made ends with an 'error' and a 'close' event and the state CLOSED, as in browsers.
# Happens:  there is the 'error' alone; the state stays CONNECTING. y-websocket tries again on 'close', so it stays away for
#           good if one of its tries meets no server. Node 24 has mended it.
# Matters:  a program under these versions does not survive a restart of its server. It needs the WebSocket of the package ws
#           (WebSocketPolyfill), as the interop tests use it below Node 24.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-fund --no-audit --save-exact yjs@13.6.33 y-websocket@3.1.0 \
  node-20@npm:node@20.20.2 node-22@npm:node@22.23.3 node-24@npm:node@24.21.0
cat >finding.mjs <<'E2'
import net from 'node:net';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

const seconds = 5;
const probe = net.createServer();
await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const url = `ws://127.0.0.1:${port}`; // nobody is there any more

const events = [];
const socket = new WebSocket(url);
for (const name of ['open', 'error', 'close']) socket.addEventListener(name, () => events.push(name));
let tries = 0;
class counted extends WebSocket {
  constructor(...args) {
    super(...args);
    ++tries;
  }
}
new WebsocketProvider(url, 'a', new Y.Doc(), { WebSocketPolyfill: counted, disableBc: true });
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const state = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'][socket.readyState];
console.log(`${process.version}: events ${events.join()}; state after ${seconds} s ${state}; tries of y-websocket ${tries}`);
const hangs = `${events}` === 'error' && state === 'CONNECTING' && tries === 1;
process.exit(hangs ? 10 : `${events}` === 'error,close' && tries > 1 ? 11 : 1);
E2
echo "yjs 13.6.33, y-websocket 3.1.0, the package node as its versions 20.20.2, 22.23.3 and 24.21.0"
is_so=1
check() { # check EXPECTED COMMAND...
  local expected=$1 code=0
  shift
  "$@" finding.mjs || code=$?
  [ "$code" = "$expected" ] || is_so=
}
check 10 node_modules/node-20/bin/node --no-warnings --experimental-websocket
check 10 node_modules/node-22/bin/node --no-warnings
check 11 node_modules/node-24/bin/node --no-warnings
if [ -n "$is_so" ]; then echo "as described"; else echo "NOT as described: this has changed"; exit 1; fi
