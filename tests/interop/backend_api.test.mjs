// What backends and programs without a Yjs library read and edit, while Yjs clients are there: the pages of
// docs/backend-api.md by plain HTTP, its examples in Node and Python, and the same in the JSON dialect.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as Y from 'yjs';

import { own_server, use_server } from './support/fixture.mjs';
import { ask_admin } from './support/http.mjs';
import { use_json } from './support/json_client.mjs';
import { until } from './support/wait.mjs';

const use = use_server();
const json = use_json(use);
const run = promisify(execFile);

/** The pages of one document. */
function backend(document, server = use.server) {
  const at = (what = '') => `/api/v1/documents/${encodeURIComponent(document)}${what}`;
  const send = (method, what, body, headers = {}) => ask_admin(server, at(what), { method, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
  return {
    at,
    send,
    edit: (edits, headers = {}) => send('PATCH', '', { edits, origin: 'test' }, headers),
    contents: async (query = '?as=json') => (await ask_admin(server, at(query))).json,
    get: (what) => ask_admin(server, at(what)),
  };
}
const ok = (answer, status = 200) => {
  assert.equal(answer.status, status, answer.body);
  return answer;
};

test('Yjs clients see an edit at once, and what it did not touch stays', async () => {
  const name = use.document();
  const client = await use.client(name).synced();
  const page = backend(name);
  client.doc.getText('text').insert(0, 'first line\nsecond line\n');
  await until(async () => (await page.contents()).text?.length === 23, 'the text is there');
  const cursor = Y.createRelativePositionFromTypeIndex(client.doc.getText('text'), 18);
  const answer = ok(await page.send('PUT', '/text/text', { text: 'A first line!\nsecond line\nthird\n' }));
  await until(() => client.doc.getText('text').toString() === 'A first line!\nsecond line\nthird\n', 'the client sees it');
  assert.equal(Y.createAbsolutePositionFromRelativePosition(cursor, client.doc).index, 21);
  ok(await page.edit([{ op: 'set', path: '/meta/tags', type: 'array', value: ['a', { $type: 'map', value: { b: 1 } }] }]));
  await until(() => client.doc.getMap('meta').toJSON().tags?.length === 2, 'shared types arrive');
  assert.ok(client.doc.getMap('meta').get('tags') instanceof Y.Array);
  assert.deepEqual(await page.contents(), { meta: { tags: ['a', { b: 1 }] }, text: 'A first line!\nsecond line\nthird\n' });
  assert.match(answer.headers.etag, /^"[0-9a-f]{32}"$/);
});

test('a refused edit says which it was and changes nothing', async () => {
  const page = backend(use.document());
  ok(await page.edit([{ op: 'setText', path: '/text', text: 'abc' }]));
  const refused = ok(await page.edit([{ op: 'appendText', path: '/text', text: 'd' }, { op: 'deleteText', path: '/text', index: 2, length: 9 }]), 422);
  assert.equal(refused.json.edit, 1);
  assert.equal(refused.json.code, 'out_of_range');
  assert.deepEqual(await page.contents(), { text: 'abc' });
  assert.equal(ok(await page.edit([{ op: 'nonsense', path: '/a' }]), 400).json.edit, 0);
  ok(await page.edit([{ op: 'test', path: '/text', value: 'abd' }]), 409);
  ok(await page.send('PATCH', '', { edit: [] }), 400);
  ok(await ask_admin(use.server, page.at(), { method: 'PATCH', headers: { 'Content-Type': 'text/plain' }, body: '{}' }), 415);
  ok(await ask_admin(use.server, page.at(), { method: 'PATCH', token: 'wrong', headers: { 'Content-Type': 'application/json' }, body: '{}' }), 401);
});

test('an edit on a version is made once', async () => {
  const page = backend(use.document());
  const first = ok(await page.send('POST', '', { edits: [{ op: 'push', path: '/list', values: [0] }] }), 201).headers.etag;
  ok(await page.send('POST', '', {}), 409);
  const add = (etag) => page.edit([{ op: 'push', path: '/list', values: [1] }], { 'If-Match': etag });
  const both = await Promise.all([add(first), add(first)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412]);
  assert.equal((await page.get('?as=json')).headers.etag, both.find(({ status }) => status === 200).headers.etag);
  assert.deepEqual(await page.contents(), { list: [0, 1] });
});

test('edits survive the server and go on where they were', async (context) => {
  const { server } = await own_server(context);
  const page = backend('kept', server);
  const before = ok(await page.edit([{ op: 'setText', path: '/text', text: 'kept' }, { op: 'set', path: '/m/k', value: [1, { a: null }] }]));
  const exported = (await page.get('?as=update')).bytes;
  const doc = new Y.Doc();
  Y.applyUpdate(doc, exported);
  assert.deepEqual({ text: doc.getText('text').toString(), m: doc.getMap('m').toJSON() }, await page.contents());
  const known = await ask_admin(server, page.at('/updates'), { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: exported });
  assert.equal(ok(known).json.changed, false);
  assert.equal(known.headers.etag, before.headers.etag);
});

test('a thousand edits are one client of the document', async () => {
  const page = backend(use.document());
  for (let round = 0; round < 10; ++round)
    for (const answer of await Promise.all(Array.from({ length: 20 }, () => page.edit([{ op: 'appendText', path: '/text', text: 'x' }])))) ok(answer);
  const info = (await page.get('')).json;
  assert.equal(info.clientIds, 1);
  assert.equal((await page.contents()).text.length, 200);
});

test('presence and events of a document', async () => {
  const name = use.document();
  const page = backend(name);
  assert.deepEqual((await page.get('/presence')).json, { count: 0, presence: [] });
  const session = await json(`/${name}`);
  await session.join(undefined);
  await session.do({ type: 'presence', payload: { who: 'ada' } });
  const shown = await until(async () => { const { presence } = (await page.get('/presence')).json; return presence.length && presence; }, 'presence shows');
  assert.deepEqual(shown[0].state, { who: 'ada' });
  assert.equal(ok(await page.send('POST', '/events', { event: 'hello' })).json.open, true);
  await until(() => session.of('update').some(({ payload }) => payload.event === 'hello'), 'the event arrives');
  ok(await page.send('POST', '/events', { update: 'AAA=' }), 400);
});

test('a program without Yjs reads and edits live in the JSON dialect', async () => {
  const name = use.document();
  const client = await use.client(name).synced();
  client.doc.getText('text').insert(0, 'hello');
  const page = backend(name);
  await until(async () => (await page.contents()).text === 'hello', 'the text is there');
  const program = await json(`/${name}`);
  const answer = await program.join(undefined, { as: 'json' });
  assert.deepEqual(answer.contents, { text: 'hello' });
  assert.equal(`"${answer.version}"`, (await page.get('?as=json')).headers.etag);

  client.doc.getText('text').insert(5, ' world');
  await until(() => program.of('contents').at(-1)?.payload.contents.text === 'hello world', 'it hears of the change');
  await program.do({ type: 'update', payload: { edit: [{ op: 'appendText', path: '/text', text: '!' }, { op: 'push', path: '/list', values: [1] }] } });
  await until(() => client.doc.getText('text').toString() === 'hello world!', 'the client sees the edit');
  await until(() => program.of('contents').at(-1)?.payload.contents.list, 'so does its author');
  const why = await program.refused({ type: 'update', payload: { edit: [{ op: 'push', path: '/list', values: [] }, { op: 'delete', path: '/none/k' }] } }, 'INVALID_EDIT');
  assert.equal(why.index, 1);
  await program.refused({ type: 'update', payload: { edit: [{ op: 'test', path: '/text', value: 'x' }] } }, 'EDIT_CONFLICT');
  client.doc.getText('text').insert(0, 'x'.repeat(20000));
  await until(() => program.of('contents').at(-1)?.payload.large?.[0] === 'text', 'a large value is only named');
  assert.equal(program.of('update').length, 0, 'no Yjs updates');
  const text = await program.join(undefined, { as: 'text', root: 'text' });
  assert.equal(text.contents.length, 20012);

  // A session of updates may ask, and goes on hearing updates.
  const other = await json(`/${name}`);
  await other.join(undefined);
  assert.deepEqual((await other.join(undefined, { as: 'json', root: 'list' })).contents, [1]);
  await other.do({ type: 'update', payload: { edit: [{ op: 'push', path: '/list', values: [2] }] } });
  await until(() => other.of('update').length > 0, 'it hears its own edit as an update');
  assert.equal(other.of('contents').length, 0);
});

test('a program without Yjs joins several documents, leaves one, and joins it again for updates', async () => {
  const [one, two] = [use.document(), use.document()];
  const program = await json('/');
  await program.join(one, { as: 'json' });
  await program.join(two, { as: 'json' });
  await program.do({ type: 'update', docName: two, payload: { edit: [{ op: 'setText', path: '/t', text: 'two' }] } });
  await until(() => program.of('contents', two).length === 1, 'it hears of the second');
  await program.do({ type: 'leave', docName: two });
  await program.refused({ type: 'update', docName: two, payload: { edit: [] } }, 'NOT_JOINED');
  assert.ok((await program.join(two)).update);
  await program.do({ type: 'update', docName: two, payload: { edit: [{ op: 'appendText', path: '/t', text: '!' }] } });
  await until(() => program.of('update', two).length === 1, 'updates now');
  assert.equal(program.of('contents', one).length, 0);
});

// --- the examples of the page ---

const page = readFileSync(fileURLToPath(new URL('../../docs/backend-api.md', import.meta.url)), 'utf8');
const example = (heading, language) => page.split(`### ${heading}\n`)[1].match(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``))[1];
const environment = () => ({ ...process.env, TROUPE_ADMIN: `http://127.0.0.1:${use.server.admin_port}`, TROUPE_TOKEN: use.server.admin_token });

test('the example in Node', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', example('Node', 'js')], { env: environment() });
  assert.deepEqual(JSON.parse(stdout), {
    late: 412,
    contents: { body: 'Figures of today\nDone.\n', meta: { title: 'Report' }, todo: [{ done: true, text: 'check' }] },
  });
});

const python = (() => {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
test('the example in Python', { skip: python ? false : 'python3 is not here' }, async () => {
  const { stdout } = await run('python3', ['-c', example('Python', 'python')], { env: environment() });
  assert.deepEqual(JSON.parse(stdout), { status: 200, refused: 422, edit: 0, contents: { body: 'one\ntwo\n', list: [1, 2] } });
});
