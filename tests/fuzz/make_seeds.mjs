// Makes the seeds of the fuzz targets in seeds/ with the yjs and lib0 that tests/interop/package-lock.json pins:
// small inputs, one per shape, so that a fuzzer starts from what real clients send.
//
//   node make_seeds.mjs           writes seeds/
//   node make_seeds.mjs --check   writes nothing; fails where seeds/ differs
//
// Client ids are set by hand and nothing is drawn at random: the bytes are the same each time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { cases } from '../golden/cases.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(here, '../interop/package.json'));
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Y } = await load('yjs');
const encoding = await load('lib0/encoding');

const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
const encoded = (write) => {
  const encoder = encoding.createEncoder();
  write(encoder);
  return Buffer.from(encoding.toUint8Array(encoder));
};
/** A piece as update_pieces.hpp reads it: size (u16, big endian), bytes. */
const piece = (update) => bytes(update.length >> 8, update.length & 255, update);

/** The golden documents: name to their updates in the order in which they came about. */
const documents = () => {
  const author = (client) => {
    const doc = new Y.Doc({ guid: `author-${client}` });
    doc.clientID = client;
    doc.updates = [];
    doc.on('update', (update, origin) => origin !== 'others' && doc.updates.push(update));
    return doc;
  };
  return Object.entries(cases(Y)).map(([name, one]) => [name, one.make(author)]);
};

const seeds = {};
const add = (target, name, content) => (seeds[`${target}/${name}`] = content);

for (const [name, updates] of documents()) {
  const chosen = updates.filter((update) => update.length < 400).slice(0, 6);
  const v2 = chosen.map((update) => Y.convertUpdateFormatV1ToV2(update));
  if (chosen.length === 0) continue;
  for (const target of ['update_tools', 'session_updates']) {
    add(target, `${name}.v1`, bytes(0, ...chosen.map(piece)));
    if (chosen.length > 1) add(target, `${name}.reversed.v2`, bytes(1, ...v2.reverse().map(piece)));
  }
}
const doc_of_one = (client, edit) => {
  const doc = new Y.Doc();
  doc.clientID = client;
  edit(doc);
  return doc;
};
// One document each for format v1 and v2 that holds what the golden ones hold one by one.
const mixed = doc_of_one(2 ** 53 - 1, (doc) => {
  doc.getText('text').insert(0, 'héllo 😀', { bold: true });
  doc.getText('text').insertEmbed(2, { image: 'x' });
  doc.getText('text').delete(0, 1);
  doc.getArray('array').insert(0, [1, 'a', null, { deep: [1.5, true] }, new Uint8Array([1, 2])]);
  doc.getArray('array').insert(2, [new Y.Map([['k', 1n]]), new Y.Text('t'), new Y.Doc({ guid: 'sub' })]);
  doc.getMap('map').set('k', 1);
  doc.getMap('map').set('k', new Y.XmlElement('p'));
  doc.getXmlFragment('xml').insert(0, [new Y.XmlElement('p'), new Y.XmlText('x'), new Y.XmlHook('h')]);
});
add('update_v1', 'mixed', Y.encodeStateAsUpdate(mixed));
add('update_v2', 'mixed', Y.encodeStateAsUpdateV2(mixed));
const gap = Y.mergeUpdates([Y.encodeStateAsUpdate(doc_of_one(1, (doc) => doc.getText('text').insert(0, 'ab'))),
  Y.diffUpdate(Y.encodeStateAsUpdate(doc_of_one(1, (doc) => doc.getText('text').insert(0, 'abcdefgh'))), new Uint8Array([1, 1, 5]))]);
add('update_v1', 'skip', gap);
add('update_v2', 'skip', Y.convertUpdateFormatV1ToV2(gap));

// What applications make: a board that two people drag about, a list of tasks, blocks of a page; each of more
// structs than a fast path for many takes, and the steps one by one.
const things = (doc) => doc.getMap('root');
const applications = {
  board: {
    make: (doc) => {
      for (let i = 0; i < 4; i++) things(doc).set(`shape ${i}`, new Y.Map(Object.entries({ type: 'note', x: i, y: 1.5, width: 20 + i, locked: false, label: 'né', fill: null, opacity: 100 })));
    },
    steps: [0, 1, 2, 3, 4].map((i) => (doc) => {
      const shape = things(doc).get(`shape ${i % 2}`);
      shape.set('x', i * 10.25);
      shape.set('y', -i);
    }),
  },
  tasks: {
    make: (doc) => {
      const list = doc.getArray('root');
      for (let i = 0; i < 8; i++) list.push([new Y.Map(Object.entries({ title: `task ${i}`, done: i % 2 === 0, tags: ['a', 'b'], rank: i }))]);
    },
    steps: [(doc) => doc.getArray('root').get(1).set('done', true), (doc) => doc.getArray('root').delete(2, 2), (doc) => doc.getArray('root').insert(1, [new Y.Map([['title', 'new']]), 5])],
  },
  blocks: {
    make: (doc) => {
      for (let i = 0; i < 8; i++) {
        const block = new Y.XmlElement('paragraph');
        block.setAttribute('id', `b${i}`);
        block.setAttribute('indent', '1');
        block.insert(0, [new Y.XmlText(`text ${i}`)]);
        doc.getXmlFragment('root').push([block]);
      }
    },
    steps: [(doc) => doc.getXmlFragment('root').get(3).setAttribute('indent', '2'), (doc) => doc.getXmlFragment('root').get(0).get(0).insert(2, 'xy'), (doc) => doc.getXmlFragment('root').delete(4, 1)],
  },
};
for (const [name, { make, steps }] of Object.entries(applications)) {
  const docs = [1_234_567_890, 300].map((client) => doc_of_one(client, () => {}));
  const updates = [];
  for (const doc of docs)
    doc.on('update', (update, origin) => {
      if (origin === 'others') return;
      updates.push(update);
      for (const other of docs) if (other !== doc) Y.applyUpdate(other, update, 'others');
    });
  docs[0].transact(() => make(docs[0]));
  steps.forEach((step, i) => docs[i % 2].transact(() => step(docs[i % 2])));
  add('update_v1', name, Y.encodeStateAsUpdate(docs[0]));
  add('update_v2', name, Y.encodeStateAsUpdateV2(docs[0]));
  for (const target of ['update_tools', 'session_updates']) {
    add(target, `${name}.v1`, bytes(0, ...updates.map(piece)));
    add(target, `${name}.reversed.v2`, bytes(1, ...updates.map((update) => Y.convertUpdateFormatV1ToV2(update)).reverse().map(piece)));
  }
}

const ranges = { one: [[0, 1]], cut: [[2, 3], [8, 9]], pair: [[15, 1], [16, 1]], types: [[10, 3]], all: [[0, 24]], beyond: [[20, 40]], overlapping: [[5, 4], [3, 4], [5, 4]] };
for (const [name, list] of Object.entries(ranges)) {
  add('delete_set', `${name}.v1`, bytes(0, 1, 1, list.length, ...list.flat()));
  if (name === 'overlapping') continue; // v2 stores differences, which cannot go back
  let end = 0;
  const differences = list.flatMap(([clock, length]) => {
    const pair = [clock - end, length - 1];
    end = clock + length;
    return pair;
  });
  add('delete_set', `${name}.v2`, bytes(1, 1, 1, list.length, ...differences));
}
add('delete_set', 'two_clients.v1', bytes(0, 2, 2, 1, 1, 4, 1, 1, 11, 1));
add('delete_set', 'no_ranges.v1', bytes(0, 1, 1, 0));

for (const [name, doc] of Object.entries({ empty: new Y.Doc(), mixed })) add('state_vector', name, Y.encodeStateVector(doc));
add('state_vector', 'two', encoded((e) => [2, 4294967295, 300, 1, 5].forEach((n) => encoding.writeVarUint(e, n))));

const values = { undefined, null: null, true: true, integer: -300, zero: -0, float32: 1.5, float64: 0.1, nan: NaN, bigint: -5n, string: 'é😀', bytes: new Uint8Array([0, 255]), array: [1, [], [null]], object: { a: { b: 1 }, 1: 'x' }, numbers: [2 ** 31, 2 ** 53, 1e300, -Infinity] };
for (const [name, value] of Object.entries(values)) add('any', name, encoded((e) => encoding.writeAny(e, value)));

const texts = { object: '{"a":[1,-2.5e3,true,null,"\\u00e9\\ud83d\\ude00"],"b":{}}', number: '-12345678901234567', list: ' [ 0.1 , 1E-7 , 9007199254740993 ] ', string: '"\\"\\\\\\/\\b\\f\\n\\r\\t"', lone: '"\\ud83d"', huge: '[1e999,1e308]', deep: '['.repeat(20) + ']'.repeat(20) };
for (const [name, text] of Object.entries(texts)) add('json', name, Buffer.from(text));

const update = Buffer.from(Y.encodeStateAsUpdate(doc_of_one(1, (doc) => doc.getText('text').insert(0, 'hello')))).toString('base64');
const requests = {
  sync: '{"type":"sync"}',
  join: '{"type":"sync","docName":"team/notes","messageId":"s-1","payload":{"stateVector":"AQEF"}}',
  update: `{"type":"update","docName":"team/notes","payload":{"update":"${update}"},"messageId":"u-1"}`,
  event: '{"type":"update","payload":{"event":"chat","text":"\\u00e9\\ud83d\\ude00","list":[1e308,-0.5,{"update":1}]}}',
  presence: ' { "payload" : { "user" : "Ada" , "cursor" : { "line" : 3 } } , "type" : "presence" } ',
  leave: '{"type":"leave","docName":"team/notes","messageId":"l-1"}',
  misfits: '{"type":"update","payload":["\\ud83d",1e999]}',
  cleared: '{"type":"presence","payload":null}',
  escaped: '{"\\u0074ype":"\\u0075pdate","docName":"a\\/\\ud83d\\ude00","payload":{"update":"\\/\\/\\/\\/"}}',
  twice: '{"type":"ack","type":"sync","docName":7,"docName":"b","x":{"type":[]}}',
  deep: `{"type":"presence","payload":${'['.repeat(100)}${']'.repeat(100)}}`,
  no_base64: '{"type":"update","messageId":"m","payload":{"update":"AAB="}}',
  no_name: '{"type":"sync","docName":"","messageId":"\\ud800"}',
  base64: update,
};
for (const [name, text] of Object.entries(requests)) add('json_request', name, Buffer.from(text));

const answers = {
  full: '{"rights":["read","write","presence"],"user":"ada","tokenId":"t-17","cacheFor":60,"expiresAt":1700003600}',
  word: '{"rights":"read"}',
  none: '{"rights":[],"user":null,"cacheFor":0.5}',
  wrong: '{"rights":{"read":true},"cacheFor":-1,"expiresAt":1e300}',
  change: '{"authors":["ada","bob"],"origins":["importer"]}',
  session: '{"session":7,"user":"ada"}',
};
for (const [name, text] of Object.entries(answers)) add('authorisation', name, Buffer.from(text));
const operations = {
  text: '[{"op":"insertText","path":"/t","index":1,"text":"x","attributes":{"b":null}},{"op":"deleteText","path":"/t","index":0,"length":2}]',
  nested: '[{"op":"set","path":"/m/k/n/0","type":"text","value":[{"insert":"a","attributes":{"i":1}},{"insert":{"e":1}}]},{"op":"test","path":"/m/k","value":{"n":["a"]}}]',
  array_path: '[{"op":"setText","path":["t"],"text":"other here"},{"op":"delete","path":["a",1]},{"op":"push","path":"/a","values":[1,2]}]',
  xml: '[{"op":"insert","path":"/x/0","index":0,"type":"xml","value":{"name":"b","attributes":{"c":"d"},"children":["e",{"name":"f"}]}},{"op":"setAttribute","path":"/x/0","name":"id","value":"7"},{"op":"removeAttribute","path":"/x/0","name":"id"}]',
  half: '[{"op":"push","path":"/a","values":[1]},{"op":"delete","path":"/m/none"}]',
  embed: '[{"op":"insertEmbed","path":"/t","index":6,"value":{"a":[1]}},{"op":"appendText","path":"/t","text":"!"},{"op":"set","path":"/m/b","type":"bytes","value":"AAEC"}]',
};
for (const [name, text] of Object.entries(operations)) add('edits', name, Buffer.from(text));

/** A call as engine_fuzz.cpp reads it. */
const call = (number, index, length, text, content) =>
  bytes(number, index, length, text.length, Buffer.from(text), piece(Buffer.from(content)));
const hello = Y.encodeStateAsUpdate(doc_of_one(9, (doc) => doc.getText('t').insert(0, 'hello')));
add('engine', 'texts', bytes(call(0, 0, 0, '/t', 'h\u00e9'), call(1, 2, 0, '/t', '{"b":true}'), call(3, 0, 4, '/t', '{"b":null}'),
  call(2, 1, 2, '/t', ''), call(4, 0, 0, '["t"]', 'other text'), call(14, 0, 0, '/t', '')));
add('engine', 'maps', bytes(call(5, 0, 0, '/m', '{"a":[1]}'), call(6, 0, 0, 'key', '"v"'), call(7, 0, 0, 'key', ''), call(16, 0, 0, '/m', 'k'),
  call(12, 0, 0, '/m/k/n/0', '')));
add('engine', 'arrays', bytes(call(8, 1, 0, '/a', '[true,{"x":null}]'), call(9, 0, 2, '/a', ''), call(17, 1, 0, '/a', ''), call(8, 0, 0, '/m/k/n', '[2]')));
add('engine', 'updates', bytes(call(11, 0, 1, '', hello), call(11, 0, 2, '', Y.convertUpdateFormatV1ToV2(hello)), call(18, 0, 1, '', [1, 9, 2]),
  call(19, 0, 1, '', hello), call(20, 0, 1, Buffer.from([1, 9, 2]).toString('latin1'), hello), call(21, 1, 1, '', hello), call(22, 0, 1, '', hello), call(23, 0, 2, '', '')));
add('engine', 'batch', bytes(call(10, 0, 0, '', operations.xml), call(15, 0, 0, '/x', ''), call(10, 0, 0, '', operations.half)));

/** An awareness update of [client, clock, state or null]. */
const awareness = (...states) => encoded((e) => {
  encoding.writeVarUint(e, states.length);
  for (const [client, clock, state] of states) {
    encoding.writeVarUint(e, client);
    encoding.writeVarUint(e, clock);
    encoding.writeVarString(e, JSON.stringify(state));
  }
});
add('awareness', 'one', awareness([1, 1, {}]));
add('awareness', 'removed', awareness([5, 3, null]));
add('awareness', 'two', awareness([4294967295, 7, { user: { name: 'Ada', color: '#ff0000' }, cursor: null }], [2 ** 53 - 1, 1, { a: [1] }]));
add('awareness', 'same_twice', awareness([1, 1, { a: 1 }], [1, 2, null]));

/** Messages as sync_message_fuzz.cpp takes them: a byte of size before each. */
const messages = (...list) => bytes(...list.map((message) => bytes(message.length, message)));
const sync = (kind, body) => encoded((e) => {
  encoding.writeVarUint(e, 0);
  encoding.writeVarUint(e, kind);
  encoding.writeVarUint8Array(e, body);
});
const shown = (body) => encoded((e) => {
  encoding.writeVarUint(e, 1);
  encoding.writeVarUint8Array(e, body);
});
const text = doc_of_one(7, (doc) => doc.getText('text').insert(0, 'hello'));
const change = Y.encodeStateAsUpdate(text);
add('sync_message', 'handshake', messages(sync(0, new Uint8Array([0])), sync(1, change), shown(awareness([7, 1, { name: 'a' }]))));
add('sync_message', 'update', messages(sync(2, change), sync(0, Y.encodeStateVector(text))));
add('sync_message', 'late', messages(sync(2, Y.diffUpdate(change, new Uint8Array([1, 7, 2]))), sync(2, change)));
add('sync_message', 'query', messages(bytes(3), shown(awareness([7, 2, null]))));
add('sync_message', 'auth', messages(bytes(2, 0, 2, 'no')));

/** Likewise messages of the Hocuspocus dialect, for documents "a" and "b". */
const to = (address, ...parts) => bytes(address.length, address, ...parts);
const token = bytes(2, 0, 2, 'ok', 5, '4.8.0');
add('hocuspocus', 'handshake', messages(to('a', token), to('a', sync(0, new Uint8Array([0]))), to('a', shown(awareness([7, 1, { name: 'a' }]))), to('a', sync(1, change))));
add('hocuspocus', 'late_token', messages(to('a', sync(2, change)), to('b', token), to('a', token), to('b', sync(1, change))));
add('hocuspocus', 'twice', messages(to('a', token), to('a\0x', token), to('a\0x', sync(2, change)), to('a', bytes(7)), bytes(9), bytes(10)));
const status = (version) => bytes(102, 1, version);
add('y_sweet', 'handshake', messages(sync(0, new Uint8Array([0])), status(0), shown(awareness([7, 1, { name: 'a' }])), sync(1, change), status(1)));
add('y_sweet', 'edit', messages(sync(2, change), bytes(status(1), status(2)), bytes(102, 2, 172, 2), bytes(102, 0)));
add('y_sweet', 'query', messages(bytes(3), bytes(3, shown(awareness([7, 1, { name: 'a' }])).subarray(1)), status(3)));
add('y_sweet', 'gap', messages(sync(0, new Uint8Array([0])), sync(2, Y.diffUpdate(change, new Uint8Array([1, 7, 2]))), status(1), sync(1, change)));
add('hocuspocus', 'stateless', messages(to('a', token), to('a', bytes(5, 4, '"\n{')), to('a', bytes(3)), to('a', bytes(6, 2, 'no'))));

/** Frames as frame_reader_fuzz.cpp takes them: what to do with large messages, the size of pieces, then masked frames. */
const frame = (first, payload, mask = [0x37, 0xfa, 0x21, 0x3d]) => {
  const body = Buffer.from(payload);
  const size = body.length < 126 ? bytes(0x80 | body.length) : bytes(0xfe, body.length >> 8, body.length & 255);
  return bytes(first, size, mask, body.map((byte, at) => byte ^ mask[at % 4]));
};
const frames = {
  hello: [0, 255, frame(0x81, 'Hello')],
  kinds: [0, 7, frame(0x81, 'text'), frame(0x82, 'binary'), frame(0x89, 'ping'), frame(0x8a, 'pong'), frame(0x88, bytes(3, 232, 'bye'))],
  parts: [0, 3, frame(0x01, 'h\u00e9'), frame(0x89, ''), frame(0x00, '', [0, 0, 0, 0]), frame(0x80, 'llo')],
  long: [0, 64, frame(0x82, 'x'.repeat(300)), frame(0x81, 'behind it')],
  skipped: [1, 50, frame(0x01, 'kept so far'), frame(0x00, 'y'.repeat(1100)), frame(0x80, ''), frame(0x82, 'next')],
  too_large: [0, 255, frame(0x82, 'z'.repeat(1100))],
  unmasked: [0, 255, bytes(0x81, 1, 'x')],
  bad_text: [0, 1, frame(0x81, bytes(0xc3)), frame(0x81, 'x')],
  bad_close: [0, 255, frame(0x88, bytes(3, 237))],
  long_length: [0, 1, bytes(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, 'abc')],
};
for (const [name, parts] of Object.entries(frames)) add('frame_reader', name, bytes(...parts));

// The examples of the storage format, as record_fuzz.cpp takes them: kind, size of the key, key, value.
const kinds = ['record', 'chunk', 'meta', 'name', 'marker', 'version', 'version-chunk', 'key', 'announcement'];
const kind_of = (kind) => kinds.indexOf(kind === 'version-count' ? 'version-chunk' : kind);
const page = readFileSync(path.join(here, '../../docs/storage-format.md'), 'utf8');
let number = 0;
for (const [, kind, lines] of page.matchAll(/```hex ([\w-]+)\n(.*?)```/gs)) {
  const [key, value] = lines.split('value ').map((part) => Buffer.from(part.replace(/key|[ |\n]/g, ''), 'hex'));
  add('record', `${kind}.${++number}`, bytes(kind_of(kind), key.length, key, value));
  if (kind !== 'meta' && kind !== 'marker') add('record', `key.${number}`, bytes(kind_of('key'), key.length, key));
}

// The examples of the peer link, as peer_codec_fuzz.cpp takes them: messages, and payloads behind their sizes.
const link_page = readFileSync(path.join(here, '../../docs/peer-link.md'), 'utf8');
const from_hex = (digits) => Buffer.from(digits.replace(/[ |\n]/g, ''), 'hex');
const block_header = Buffer.from('0104706c616e0123456789abcdef', 'hex');
const of_nodes = ['peer_members', 'peer_moved', 'peer_access_change', 'peer_bye'];
for (const [, name, digits] of link_page.matchAll(/\| `(peer_\w+)` \|.*\| `([0-9a-f ]+)` \|/g))
  add('peer_codec', name, of_nodes.includes(name) ? bytes(0, from_hex(digits)) : bytes(0, block_header, from_hex(digits)));
for (const [, digits] of link_page.matchAll(/```hex block\n(.*?)```/gs)) add('peer_codec', 'block', bytes(0, from_hex(digits)));
const payloads = [...link_page.matchAll(/```hex payload\n(.*?)```/gs)].map(([, digits]) => piece(from_hex(digits)));
add('peer_codec', 'payloads', bytes(1, ...payloads));

// Tokens as token_fuzz.cpp takes them: whole, or as header and claims that it signs; and sets of keys.
const vectors = JSON.parse(readFileSync(path.join(here, '../golden/tokens/data/vectors.json')));
for (const { name, token } of vectors.tokens.filter(({ name }, i) => i % 12 === 0 && !name.startsWith('as long')))
  add('token', `${name.replace(/[^\w]+/g, '_')}`, bytes(0, token));
add('token', 'query', bytes(0, 'x=1&token=a.b.c&token=a.b.d'));
add('token', 'subprotocols', bytes(0, 'troupe, troupe.token.a.b.c; c=a.b.c'));
add('token', 'pattern', bytes(0, 'a/**/b?c\\*{x}*'));
const header = '{"alg":"HS256","typ":"at+jwt","kid":"k"}';
const claims = [
  '{"exp":1900000000,"sub":"ada","role":["editor",1],"x":{"y":"z"},"name":"A\\u00e9"}',
  '{"exp":1.9e9,"nbf":1,"iat":1,"jti":"t","docs":[{"name":"a","rights":"read"},{"prefix":"w/","rights":["write","no_presence"]},{"glob":"**/b?","rights":[]}]}',
  '{"exp":1,"aud":["x"]}',
];
claims.forEach((text, i) => add('token', `signed${i}`, bytes(1, header, 0, text)));
const published = vectors.keys.filter(({ jwk }) => jwk).map(({ jwk }) => jwk);
add('key_set', 'all', JSON.stringify({ keys: published }));
for (const jwk of published) add('key_set', jwk.kid, JSON.stringify({ keys: [jwk] }));
add('key_set', 'others', JSON.stringify({ keys: [{ kty: 'oct', k: 'AA' }, { kty: 'OKP', crv: 'X25519', x: 'AA' }, 1] }));
add('key_set', 'tree', '{"a":[1,-2.5e3,true,false,null,{"\\u0061\\n":"\\ud83d\\ude00"}],"":""}');

// What an import reads of foreign stores, as moving_fuzz.cpp takes it.
const key_text = (text) => encoded((encoder) => (encoding.writeUint8(encoder, 0), encoding.writeVarString(encoder, text)));
const long = 'n'.repeat(200);
for (const name of ['ab', long]) {
  add('moving', `update.${name.length}`, bytes(0, key_text('v1'), key_text(name), key_text('update'), [1, 0, 0, 1, 245]));
  add('moving', `vector.${name.length}`, bytes(0, key_text('v1_sv'), key_text(name)));
}
add('moving', 'meta', bytes(0, key_text('v1'), key_text('ab'), key_text('meta'), key_text('k')));
add('moving', 'covered', bytes(1, [0xf5, 3, 1, 0]));
for (const [name, file] of Object.entries({ plain: 'page.bin', escaped: 'wiki%2Fpage%201.bin', folder: 'wiki/page.bin', cut: 'nnnn+/nn.bin' }))
  add('moving', `path.${name}`, bytes(2, file));
add('moving', 'name', bytes(3, 'wiki/page 1+..'));
for (const name of ['served', 'pushed-only', 'with_meta'])
  add('moving', `ysweet.${name}`, bytes(4, readFileSync(path.join(here, '../golden/y-sweet/store', name, 'data.ysweet'))));

// Frames of a server that is asked for a document: an answer before its storage was read, what was read, the second answer.
const answered = [0, 1, 3, 1, 1, 0];
const sized = (...all) => bytes(...all.flatMap((frame) => [frame.length, Buffer.from(frame)]));
add('moving', 'upstream.plain', bytes(5, 0, sized([0, 0, 1, 0], [1, 1, 0], [0, 1, 2, 0, 0], [0, 2, 3, 1, 1, 0], answered)));
add('moving', 'upstream.addressed', bytes(5, 1, sized([1, 100, 2, 2, 4, 114, 101, 97, 100], [1, 100, ...answered])));
add('moving', 'upstream.denied', bytes(5, 1, sized([1, 100, 2, 1, 2, 110, 111])));

const differs = [];
for (const [file, content] of Object.entries(seeds)) {
  const at = path.join(here, 'seeds', file);
  if (process.argv.includes('--check')) {
    try {
      if (!readFileSync(at).equals(Buffer.from(content))) differs.push(file);
    } catch {
      differs.push(file);
    }
  } else {
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, content);
  }
}
for (const file of differs) console.error(`differs: seeds/${file}`);
process.exitCode = differs.length > 0 ? 1 : 0;
console.log(`${Object.keys(seeds).length} seeds, ${Object.values(seeds).reduce((sum, content) => sum + content.length, 0)} bytes`);
