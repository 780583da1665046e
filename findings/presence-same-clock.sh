#!/usr/bin/env bash
# y-protocols 1.0.7 with y-websocket 3.1.0: whoever comes back sees nobody, and is seen by nobody, for up to 18 s.
#
# Expected: a client that reconnects shows its presence, and both sides see each other as soon as they hear of it.
# Happens:  the server (the reference one here) tells the others that the client has left: its last clock, and null. The
#           client comes back with its state under the same clock, and an equal clock is ignored unless it says null. Only
#           the renewal that each client makes every 15 to 18 s has a higher clock. So it is the other way round: when its
#           socket closes, the client forgets the states of the others, but not their clocks.
# Matters:  after each short loss of the network, and each restart of a server, everybody is alone for that long. troupe shows
#           the client under a later clock and tells it that its presence is gone, so that it counts on to that one
#           (tests/interop/reconnect.test.mjs). After a restart of the server this makes all visible to all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir server
echo '{"private": true, "type": "module"}' | tee package.json >server/package.json
npm install --loglevel=error --no-fund --no-audit --save-exact yjs@13.6.33 y-protocols@1.0.7 y-websocket@3.1.0 ws@8.23.0
npm --prefix server install --loglevel=error --no-fund --no-audit --save-exact @y/websocket-server@0.1.5 @y/protocols@1.0.6-1
cat >finding.mjs <<'E2'
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

const version = (name, where = '.') => `${name} ${JSON.parse(readFileSync(`${where}/node_modules/${name}/package.json`)).version}`;
console.log([version('yjs'), version('y-protocols'), version('y-websocket'), version('@y/websocket-server', 'server'), `node ${process.version}`].join(', '));

const probe = net.createServer();
await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const server = spawn(process.execPath, ['node_modules/@y/websocket-server/src/server.js'], {
  cwd: 'server', env: { ...process.env, HOST: '127.0.0.1', PORT: `${port}` }, stdio: 'ignore',
});
process.once('exit', () => server.kill());
const open = (name) => {
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, 'a', new Y.Doc(), { WebSocketPolyfill: WebSocket, disableBc: true });
  provider.awareness.setLocalState({ name });
  return provider;
};
async function until(predicate, what, ms = 20000) {
  for (const begin = Date.now(); !predicate(); await new Promise((resolve) => setTimeout(resolve, 10)))
    if (Date.now() - begin > ms) throw new Error(`in vain until ${what}`);
}

const [ann, bob] = [open('ann'), open('bob')];
const sees = (one, other) => one.awareness.getStates().has(other.doc.clientID);
const clock_of = (one) => one.awareness.meta.get(one.doc.clientID).clock;
await until(() => sees(bob, ann) && sees(ann, bob), 'both see each other');
const first_clock = clock_of(ann);
ann.disconnect();
await until(() => !sees(bob, ann) && !sees(ann, bob), 'neither sees the other');
ann.connect();
await until(() => ann.synced, 'ann is back');
const back = Date.now();
const clock_back = clock_of(ann);
const seconds = [];
await Promise.all([[bob, ann], [ann, bob]].map(async ([one, other], i) => {
  await until(() => sees(one, other), 'they see each other again', 40000);
  seconds[i] = (Date.now() - back) / 1000;
}));
console.log(`clock of ann: ${first_clock} at first, ${clock_back} when she is back, ${clock_of(ann)} when both see each other again`);
console.log(`bob sees ann ${seconds[0].toFixed(1)} s after she has synced again, and ann sees bob after ${seconds[1].toFixed(1)} s`);

const is_so = clock_back === first_clock && clock_of(ann) > first_clock && seconds.every((one) => one > 5);
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
