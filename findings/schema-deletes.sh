#!/usr/bin/env bash
# y-prosemirror 1.3.7: a view whose schema lacks a node or a mark deletes it for everybody, though it is not editable.
#
# Expected: who only looks at a document changes nothing; what a view cannot show, it leaves out or refuses to open.
# Happens:  by opening the document the view deletes each node that its schema lacks, with its contents, and each text with
#           a mark that it lacks. These deletions are updates, which a provider sends to all others.
# Matters:  an old version of an app, or a read-only preview with fewer extensions, empties a document. No server can tell
#           this from an edit; only refusing the writes of such a client protects the others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
npm install --loglevel=error --no-fund --no-audit --save-exact yjs@13.6.33 y-protocols@1.0.7 y-prosemirror@1.3.7 prosemirror-model@1.25.13 \
  prosemirror-schema-basic@1.2.5 prosemirror-state@1.4.4 prosemirror-view@1.44.0 jsdom@29.1.1
cat >finding.mjs <<'E2'
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<body></body>');
Object.assign(globalThis, { window, document: window.document, MutationObserver: window.MutationObserver, Node: window.Node, getSelection: () => window.getSelection() });
const { Schema } = await import('prosemirror-model');
const { nodes, marks } = await import('prosemirror-schema-basic');
const { EditorState } = await import('prosemirror-state');
const { EditorView } = await import('prosemirror-view');
const { ySyncPlugin } = await import('y-prosemirror');
const Y = await import('yjs');

const version = (name) => `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version}`;
console.log(`${['yjs', 'y-prosemirror', 'prosemirror-view', 'jsdom'].map(version).join(', ')}, node ${process.version}`);

// The document of the author: a heading, and a paragraph that is strong in part.
const author = new Y.Doc();
const content = author.getXmlFragment('content');
const [heading, paragraph, text] = [new Y.XmlElement('heading'), new Y.XmlElement('paragraph'), new Y.XmlText('strong words')];
heading.insert(0, [new Y.XmlText('A title')]);
text.format(0, 6, { strong: {} });
paragraph.insert(0, [text]);
content.insert(0, [heading, paragraph]);

/** Opens a view, which is not editable, of a copy of the document; resolves to what the author has afterwards. */
async function open_view(of_nodes, of_marks) {
  const [theirs, copy] = [new Y.Doc(), new Y.Doc()];
  const own = [];
  copy.on('update', (update, origin) => origin !== 'provider' && own.push(update));
  Y.applyUpdate(theirs, Y.encodeStateAsUpdate(author));
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(author), 'provider');
  const schema = new Schema({ nodes: of_nodes, marks: of_marks });
  const plugins = [ySyncPlugin(copy.getXmlFragment('content'))];
  const view = new EditorView(document.body, { state: EditorState.create({ schema, plugins }), editable: () => false });
  await new Promise((resolve) => setTimeout(resolve, 500));
  view.destroy();
  for (const update of own) Y.applyUpdate(theirs, update);
  return { updates: own.length, content: theirs.getXmlFragment('content').toString() };
}

const { heading: _, ...without_heading } = nodes;
const { strong: __, ...without_strong } = marks;
const whole = await open_view(nodes, marks);
const no_heading = await open_view(without_heading, marks);
const no_strong = await open_view(nodes, without_strong);
console.log(`the author has                ${content}`);
console.log(`after a view with both        ${whole.content}, ${whole.updates} updates of the view`);
console.log(`after a view without heading  ${no_heading.content}, ${no_heading.updates} of the view`);
console.log(`after a view without strong   ${no_strong.content}, ${no_strong.updates} of the view`);

const is_so =
  whole.content === `${content}` && whole.updates === 0 &&
  no_heading.updates > 0 && !no_heading.content.includes('A title') && no_heading.content.includes('words') &&
  no_strong.updates > 0 && no_strong.content.includes('A title') && !no_strong.content.includes('words');
console.log(is_so ? 'as described' : 'NOT as described: this has changed');
process.exit(is_so ? 0 : 1);
E2
node finding.mjs
