#!/usr/bin/env bash
# ywasm 0.18.3 keeps 32 bits of a client id, and @y/y 14 draws ids of 53 bits: text comes out double.
#
# Expected: a document that has passed through ywasm is the document that it was.
# Happens:  ywasm reads the client id 2^33 + 5 as 5 and writes its structs under that id. Whoever knows them under the real id
#           takes them for edits of somebody else, and has the text twice.
# Matters:  no server can mend this: the copy is a valid edit. Clients of ywasm and of @y/y 14 must not share a document.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-fund --no-audit --save-exact ywasm@0.18.3 @y/y@14.0.0-rc.7
cat >finding.mjs <<'E2'
import { readFileSync } from 'node:fs';
import * as Y from '@y/y';
import * as W from 'ywasm';

const version = (name) => `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version}`;
console.log(`${version('ywasm')}, ${version('@y/y')}, node ${process.version}`);
const text_of = (doc) => doc.get('text').toString();
const clients = (state_vector) => JSON.stringify([...Y.decodeStateVector(state_vector).keys()].sort((a, b) => a - b));

const author = new Y.Doc();
const drawn = author.clientID;
author.clientID = 2 ** 33 + 5;
author.get('text').insert(0, 'hello');
const update = Y.encodeStateAsUpdate(author);
console.log(`an id that @y/y draws: ${drawn}`);
console.log(`the author's clients: ${clients(Y.encodeStateVector(author))}, text: ${text_of(author)}`);

const passed = new W.YDoc({});
W.applyUpdate(passed, update, undefined);
console.log(`the clients that ywasm has: ${clients(W.encodeStateVector(passed))}, text: ${passed.getText('text').toString()}`);

// What happens to the author when a client with ywasm answers its state vector.
Y.applyUpdate(author, W.encodeStateAsUpdate(passed, Y.encodeStateVector(author)));
console.log(`then the author's clients: ${clients(Y.encodeStateVector(author))}, text: ${text_of(author)}`);

const is_so = clients(W.encodeStateVector(passed)) === '[5]' && text_of(author) === 'hellohello';
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
