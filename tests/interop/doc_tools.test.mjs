// `troupe doc` as people run it: on updates that yjs wrote, through files and pipes, with every way
// to fail; and the examples of docs/doc-tools.md, whose outputs must be what the binary prints.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as Y from 'yjs';

import { temporary_folder } from './support/folder.mjs';
import { binary_path } from './support/server.mjs';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporary_folder();

const in_folder = (name) => path.join(folder, name);
const file = (name, bytes) => (writeFileSync(in_folder(name), bytes), in_folder(name));

/** Runs `troupe doc ARGS`; its status, its outputs (bytes and text), and the input it was given. */
function troupe_doc(args, input = '') {
  const run = spawnSync(binary_path(), ['doc', ...args], { input, timeout: 20_000 });
  assert.equal(run.error, undefined);
  return { status: run.status, bytes: run.stdout, out: run.stdout.toString(), err: run.stderr.toString() };
}

function must(args, input) {
  const run = troupe_doc(args, input);
  assert.equal(run.status, 0, run.err);
  assert.equal(run.err, '');
  return run;
}

const varuint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varuint(Math.floor(n / 128))]);
const stream_of = (updates) => Buffer.concat(updates.flatMap((u) => [Buffer.from(varuint(u.length)), u]));

// A document with the kinds of contents that take different ways between the formats.
const doc = new Y.Doc();
doc.clientID = 1001;
const updates = [];
doc.on('update', (update) => updates.push(update));
const text = doc.getText('text');
text.insert(0, 'hello 🌍');
text.format(0, 5, { bold: true, link: { href: 'x', n: [1, null] } });
text.insertEmbed(5, { image: 'a.png' });
text.delete(1, 2);
doc.getMap('map').set('key', { nested: [1, 2.5, 'three'] });
doc.getMap('map').set('key', 4);
doc.getArray('array').insert(0, ['a', new Y.Map([['k', 'v']])]);
doc.getXmlFragment('xml').insert(0, [new Y.XmlElement('p')]);
const v1 = Y.encodeStateAsUpdate(doc);
const v2 = Y.encodeStateAsUpdateV2(doc);
const half = Y.mergeUpdates(updates.slice(0, 4));
const v1_file = file('whole.v1.bin', v1);
const v2_file = file('whole.v2.bin', v2);
const stream_file = file('stream.bin', stream_of(updates));

test('text and JSON are read from v1, v2, a stream and several files', () => {
  const parts = updates.map((update, i) => file(`part${i}.bin`, update));
  for (const files of [[v1_file], [v2_file], [stream_file], parts, [v1_file, v2_file], [...parts].reverse()]) {
    assert.equal(must(['text', ...files, '--root', 'text']).out, `${text.toString()}\n`);
    assert.deepEqual(JSON.parse(must(['json', ...files, '--root', 'array']).out), ['a', { k: 'v' }]);
    const all = JSON.parse(must(['json', ...files]).out);
    assert.deepEqual(Object.keys(all), ['array', 'map', 'text', 'xml']);
    assert.deepEqual(all.map, { key: 4 });
  }
  assert.equal(must(['text', '-', '--root', 'text'], v2).out, `${text.toString()}\n`);
});

test('a root that was emptied is printed as the empty value of what it held', () => {
  const roots = (gc, collected) => {
    const before = new Y.Doc({ gc });
    const written = [];
    before.on('update', (update) => written.push(update));
    before.getText('text').insert(0, 'hello', { bold: true });
    before.getArray('array').insert(0, [1, 'b']);
    before.getMap('map').set('key', 1);
    before.getXmlFragment('xml').insert(0, [new Y.XmlElement('p')]);
    before.getText('both').insert(0, 'x');
    before.getText('both').setAttribute('lang', 'en');
    before.getText('text').delete(0, 5);
    before.getArray('array').delete(0, 2);
    before.getMap('map').delete('key');
    before.getXmlFragment('xml').delete(0, 1);
    before.getText('both').delete(0, 1);
    before.getText('both').removeAttribute('lang');
    const bytes = collected ? Y.encodeStateAsUpdate(before) : stream_of(written);
    return must(['json', file(`emptied-${gc}-${collected}.bin`, bytes)]).out;
  };
  const all = '{"array":[],"both":{"delta":[],"keys":{}},"map":{},"text":"","xml":""}\n';
  assert.equal(roots(true, false), all, 'from a stream, which has the contents');
  assert.equal(roots(false, true), all, 'from a state that keeps them');
  // Garbage collection leaves the keys of a map, and the formats of a text.
  const collected = JSON.parse(roots(true, true));
  assert.deepEqual(collected.map, {});
  assert.equal(collected.array, null);
});

test('info counts what yjs counts', () => {
  const { files, document } = JSON.parse(must(['info', '--json', v1_file, stream_file]).out);
  assert.deepEqual(files.map((f) => [f.format, f.updates]), [['v1', 1], ['stream of v1', updates.length]]);
  assert.equal(files[0].size_bytes, v1.length);
  assert.equal(files[0].structs, Y.decodeUpdate(v1).structs.length);
  assert.deepEqual(document.state_vector, { 1001: Y.getState(doc.store, 1001) });
  assert.equal(document.waiting_bytes, 0);
  const late = JSON.parse(must(['info', '--json', file('late.bin', updates[3])]).out).document;
  assert.notEqual(late.waiting_bytes, 0);
});

test('dump has a line for each struct that yjs decodes', () => {
  for (const [name, update] of [[v1_file, v1], [v2_file, v1]]) {
    const lines = must(['dump', name]).out.split('\n').filter((line) => /^ {2}1001:\d+ \+\d+ \w/.test(line));
    const heads = Y.decodeUpdate(update).structs.map((s) => `  ${s.id.client}:${s.id.clock} +${s.length} `);
    assert.equal(lines.length, heads.length);
    heads.forEach((head, i) => assert.ok(lines[i].startsWith(head), `${lines[i]} for ${head}`));
  }
});

// Compared with what documents write: the tools of yjs lose the key flag of items that have neighbours.
test('convert, merge and diff write what yjs writes or reads alike', () => {
  assert.deepEqual(must(['convert', v1_file, '--to', 'v2']).bytes, Buffer.from(v2));
  assert.deepEqual(must(['convert', v2_file, '--to', 'v1']).bytes, Buffer.from(v1));
  const since = file('half.bin', half);
  const vector = Y.encodeStateVectorFromUpdate(half);
  const expected = Buffer.from(Y.encodeStateAsUpdate(doc, vector));
  assert.deepEqual(must(['diff', v1_file, '--since', since]).bytes, expected);
  for (const written of ['hex', 'base64', 'base64url']) {
    assert.deepEqual(must(['diff', v1_file, '--state-vector', Buffer.from(vector).toString(written)]).bytes, expected);
  }
  assert.equal(must(['merge', stream_file, v2_file, '--to', 'v2', '-o', in_folder('merged')]).out, '');
  const merged = new Y.Doc();
  Y.applyUpdateV2(merged, readFileSync(in_folder('merged')));
  assert.deepEqual(merged.getText('text').toDelta(), text.toDelta());
  assert.deepEqual(merged.getArray('array').toJSON(), doc.getArray('array').toJSON());
});

test('what goes wrong ends with status 1 and a line that says what and where', () => {
  const cut = v1.subarray(0, 20);
  const cases = {
    'a file that is not there': [['info', in_folder('nothing')], `${in_folder('nothing')}: cannot be opened: No such file or directory`],
    'a folder': [['info', folder], `${folder}: is a directory`],
    'an empty file': [['dump', file('empty', '')], `${in_folder('empty')}: empty; the smallest update is 2 bytes, 00 00`],
    'an empty input': [['dump', '-'], 'standard input: empty; the smallest update is 2 bytes, 00 00'],
    'a truncated v1': [['json', file('cut.v1', cut)], /^.*cut\.v1: not an update: truncated: .* at byte \d+ of 20, read as v1 \(--format reads it as another\)$/],
    'a truncated v2': [['json', file('cut.v2', v2.subarray(0, 40))], /^.*cut\.v2: not an update: truncated: .* at byte \d+ of 40, read as v2 \(/],
    'a truncated stream': [['json', file('cut.s', stream_of(updates).subarray(0, -3))], /^.*cut\.s: not an update: truncated: update \d+ of the stream, bytes at byte \d+ of \d+, read as stream of v1 \(/],
    'bytes behind the end': [['info', file('long', Buffer.concat([v1, Buffer.from('?')]))], new RegExp(`^.*long: not an update: trailing_bytes: behind the delete set at byte ${v1.length} of ${v1.length + 1}, read as v1`)],
    'v1 said to be v2': [['info', '--format', 'v2', v1_file], /^.*whole\.v1\.bin: not an update: .*, read as v2$/],
    'a text file': [['text', file('text', 'This is no update.\n')], /^.*text: not an update: .* at byte \d+ of 19, read as v1/],
    'a wrong second file': [['merge', v1_file, in_folder('cut.v1')], /^.*cut\.v1: not an update/],
    'a wrong file to compare with': [['diff', v1_file, '--since', in_folder('cut.v1')], /^.*cut\.v1: not an update/],
    'a wrong state vector': [['diff', v1_file, '--state-vector', '01'], '--state-vector: truncated: state vector count at byte 1'],
    'no state vector at all': [['diff', v1_file, '--state-vector', '?!'], '--state-vector: neither hexadecimal nor base64'],
    'an unknown root': [['text', v1_file, '--root', 'txet'], 'the document has no root "txet"; its roots: "text", "map", "array", "xml"'],
    'no root named where there are several': [['text', v1_file], '--root is needed: the document has not one root; its roots: "text", "map", "array", "xml"'],
    'the standard input twice': [['merge', '-', '-'], 'standard input: can be named only once'],
    'an output that cannot be written': [['merge', v1_file, '-o', in_folder('no/such/file')], `${in_folder('no/such/file')}: cannot be written: No such file or directory`],
  };
  for (const [what, [args, line]] of Object.entries(cases)) {
    const { status, out, err } = troupe_doc(args);
    assert.equal(status, 1, what);
    assert.equal(out, '', what);
    assert.match(err, /^[^\n]+\n$/, what);
    if (typeof line === 'string') assert.equal(err, `${line}\n`, what);
    else assert.match(err.trimEnd(), line, what);
  }
});

test('a wrong command line ends with status 2', () => {
  for (const args of [[], ['sing'], ['info'], ['convert', v1_file], ['diff', v1_file], ['info', '--format', 'v3', v1_file]]) {
    const { status, out, err } = troupe_doc(args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(out, '');
    assert.notEqual(err, '');
  }
});

test('a failed run leaves the output file alone', () => {
  const kept = file('kept', 'as it was');
  assert.equal(troupe_doc(['merge', v1_file, in_folder('nothing'), '-o', kept]).status, 1);
  assert.equal(readFileSync(kept, 'utf8'), 'as it was');
});

test('bytes are not written to a terminal', (t) => {
  const quote = (word) => `'${word.replaceAll("'", `'\\''`)}'`;
  const command = [binary_path(), 'doc', 'merge', v1_file].map(quote).join(' ');
  const run = spawnSync('script', ['-qec', command, '/dev/null'], { timeout: 20_000 });
  if (run.error) return t.skip('there is no script(1) to make a terminal');
  assert.equal(run.status, 1);
  assert.match(run.stdout.toString(), /^standard output: is a terminal and the result is bytes; name a file with -o\s*$/);
});

// In the page a line `$ COMMAND` is followed by what the command prints, run in tests/golden/data.
test('the examples of docs/doc-tools.md print what the page says', () => {
  const page = readFileSync(path.join(repository, 'docs/doc-tools.md'), 'utf8');
  const env = { ...process.env, PATH: `${path.dirname(binary_path())}:${process.env.PATH}` };
  let count = 0;
  for (const [, block] of page.matchAll(/^```console\n(.*?)^```$/gms)) {
    for (const example of block.split(/^\$ /m).slice(1)) {
      const [command, ...printed] = example.split('\n');
      const run = spawnSync('bash', ['-c', `(${command}) 2>&1`], {
        cwd: path.join(repository, 'tests/golden/data'), env, timeout: 20_000,
      });
      assert.equal(run.stdout.toString(), printed.join('\n'), command);
      ++count;
    }
  }
  assert.ok(count >= 7, `only ${count} examples were found`);
});
