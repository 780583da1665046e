#!/usr/bin/env bash
# yjs 13.6.33: who receives a formatted text in two valid updates instead of one removes its formatting for everybody.
#
# Expected: a document is the same whether its updates come merged or one by one, and receiving them changes nothing.
# Happens:  after each update of somebody else, yjs deletes formats that mark no text (cleanupYTextAfterTransaction). If the
#           text between two of them comes with the next update, they are gone by then: the receiver's document loses
#           the bold, and its deletion is an update of its own, which a provider sends to all others.
# Matters:  a server that sends a large state in several messages has to cut it where every formatted text is complete;
#           troupe does (protocol/crdt/apply/state_pieces.hpp). A server that cuts by client or by size loses formats.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-fund --no-audit --save-exact yjs@13.6.33
cat >finding.mjs <<'E2'
import { readFileSync } from 'node:fs';
import * as Y from 'yjs';

console.log(`yjs ${JSON.parse(readFileSync('node_modules/yjs/package.json')).version}, node ${process.version}`);
const document = (id) => Object.assign(new Y.Doc(), { clientID: id });
const shown = (doc) => JSON.stringify(doc.getText('text').toDelta());

// Ann writes an A in bold and a tail that is not. Bob writes behind the A, in bold as well. Ann deletes the A.
const [ann, bob] = [document(1), document(2)];
ann.getText('text').insert(0, 'A tail');
ann.getText('text').format(0, 1, { bold: true });
Y.applyUpdate(bob, Y.encodeStateAsUpdate(ann));
bob.getText('text').insert(1, 'hello', { bold: true });
Y.applyUpdate(ann, Y.encodeStateAsUpdate(bob));
ann.getText('text').delete(0, 1);
Y.applyUpdate(bob, Y.encodeStateAsUpdate(ann));

// The state as one update, and as two: what Ann wrote, then what Bob wrote.
const whole = Y.encodeStateAsUpdate(bob);
const clocks = Y.decodeStateVector(Y.encodeStateVector(bob));
const without = (client) => Y.diffUpdate(whole, Y.encodeStateVector(new Map([[client, clocks.get(client)]])));
const parts = [without(2), without(1)];
const same = new Y.Doc();
Y.applyUpdate(same, Y.mergeUpdates(parts));
console.log(`the authors show               ${shown(bob)}`);
console.log(`the parts, merged, show        ${shown(same)}`);

function receive(updates) {
  const reader = document(3);
  reader.getText('text'); // an editor has its text before it connects
  const own = [];
  reader.on('update', (update, origin) => origin !== 'provider' && own.push(update));
  for (const update of updates) Y.applyUpdate(reader, update, 'provider');
  return { shown: shown(reader), own };
}
const [at_once, in_parts] = [receive([whole]), receive(parts)];
console.log(`who receives one update shows  ${at_once.shown}, updates of its own: ${at_once.own.length}`);
console.log(`who receives the parts shows   ${in_parts.shown}, updates of its own: ${in_parts.own.length}`);
const before = shown(bob);
for (const update of in_parts.own) Y.applyUpdate(bob, update);
console.log(`and then the authors show      ${shown(bob)}`);

const is_so =
  shown(same) === before && at_once.shown === before && at_once.own.length === 0 &&
  in_parts.own.length === 1 && in_parts.shown === '[{"insert":"hello tail"}]' && shown(bob) === in_parts.shown;
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
