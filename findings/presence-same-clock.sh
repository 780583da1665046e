#!/usr/bin/env bash
# y-protocols 1.0.7 with y-websocket 3.1.0: whoever comes back is not seen by the others for 15 s and more.
#
# Expected: a client that reconnects shows its presence, and the others see it as soon as they hear of it.
# Happens:  the server (the reference one here) tells the others that the client has left: its last clock, and null. The
#           client comes back with its state under the same clock, and an equal clock is ignored unless it says null. Only
#           the renewal that each client makes every 15 to 18 s has a higher clock.
# Matters:  after each short loss of the network, and each restart of a server, everybody is alone for that long. troupe tells the
#           client that its presence is gone, so that it shows itself under the next clock (tests/interop/reconnect.test.mjs).
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
const bob_sees_ann = () => bob.awareness.getStates().get(ann.doc.clientID)?.name === 'ann';
const clock = () => ann.awareness.meta.get(ann.doc.clientID).clock;
await until(bob_sees_ann, 'bob sees ann');
const first_clock = clock();
ann.disconnect();
await until(() => !bob_sees_ann(), 'bob sees her go');
ann.connect();
await until(() => ann.synced, 'ann is back');
const back = Date.now();
const clock_back = clock();
await until(bob_sees_ann, 'bob sees ann again', 40000);
const seconds = (Date.now() - back) / 1000;
console.log(`clock of ann: ${first_clock} at first, ${clock_back} when she is back, ${clock()} when bob sees her again`);
console.log(`synced again, ann was invisible for ${seconds.toFixed(1)} s`);

const is_so = clock_back === first_clock && clock() === first_clock + 1 && seconds > 5;
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
