#!/usr/bin/env bash
# y-websocket 1.5.4, 2.1.0 and @y/websocket 4.0.0-3 come back about ten times a second to a server that closes them.
#
# Expected: a client waits longer from try to try, and stops after a code that says "for good".
# Happens:  these versions forget their failures as soon as a socket opens, so a server that accepts and then closes sees them
#           about ten times a second, whatever its code says. y-websocket 3.1.0 forgets them only once it has synced, and
#           stops for good after 4400 to 4499; @y/websocket 4.0.0-3 has neither.
# Matters:  a close after the upgrade never calms these clients down. Only a refusal before the upgrade does (they back off
#           then), so a server that wants no storm has to remember whom it has closed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-fund --no-audit --save-exact --omit=optional ws@8.23.0 yjs@13.6.33 @y/y@14.0.0-rc.7 \
  y-websocket-1@npm:y-websocket@1.5.4 y-websocket-2@npm:y-websocket@2.1.0 y-websocket@3.1.0 @y/websocket@4.0.0-3
cat >finding.mjs <<'E2'
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const seconds = 5;
const codes = [1000, 1001, 1008, 1011, 1013, 4000, 4401, 4499, 4500];
const packages = { 'y-websocket-1': 'yjs', 'y-websocket-2': 'yjs', 'y-websocket': 'yjs', '@y/websocket': '@y/y' };
const version = (name) => {
  const about = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
  return `${about.name} ${about.version}`;
};
console.log(`${version('yjs')}, ${version('@y/y')}, ${version('ws')}, node ${process.version}`);

// Accepts every connection and closes it with the code that stands in the path: /PACKAGE/CODE. 503 refuses the upgrade.
const tries = {};
const server = http.createServer();
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  tries[request.url] = (tries[request.url] ?? 0) + 1;
  const code = Number(request.url.split('/').at(-1));
  if (code === 503) return socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  sockets.handleUpgrade(request, socket, head, (opened) => opened.close(code));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const complain = console.error;
console.error = () => {}; // two versions of yjs in one process, which yjs warns of
for (const [name, yjs] of Object.entries(packages)) {
  const [{ WebsocketProvider }, Y] = [await import(name), await import(yjs)];
  for (const code of [...codes, 503])
    new WebsocketProvider(`ws://127.0.0.1:${server.address().port}/${name}`, `${code}`, new Y.Doc(), { WebSocketPolyfill: WebSocket, disableBc: true });
}
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
console.error = complain;

console.log(`connections in ${seconds} s, by the code that the server closes with behind the upgrade; 503: it refuses the upgrade`);
console.log(['', ...codes, 503].map((cell, i) => `${cell}`.padEnd(i ? 6 : 24)).join(''));
const counts = (name) => [...codes, 503].map((code) => tries[`/${name}/${code}`] ?? 0);
for (const name of Object.keys(packages)) console.log(version(name).padEnd(24) + counts(name).map((count) => `${count}`.padEnd(6)).join(''));

const comes_at_once = (name) => codes.every((_, i) => counts(name)[i] >= seconds * 5);
const is_permanent = (code) => code >= 4400 && code < 4500;
const is_so =
  ['y-websocket-1', 'y-websocket-2', '@y/websocket'].every(comes_at_once) &&
  codes.every((code, i) => (is_permanent(code) ? counts('y-websocket')[i] === 1 : counts('y-websocket')[i] > 1 && counts('y-websocket')[i] < seconds * 2.5)) &&
  Object.keys(packages).every((name) => counts(name).at(-1) < seconds * 2.5);
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
