// Documents outlive the server: what was acknowledged is there after a restart, after SIGKILL, and for each client; a
// directory that cannot be used is refused with what to do.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as Y from 'yjs';

import { yjs_client } from './support/clients.mjs';
import { converged } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { frame_type, message, sync } from './support/frames.mjs';
import { base64, json_client } from './support/json_client.mjs';
import { binary_path, refused_start, start_server } from './support/server.mjs';
import { until } from './support/wait.mjs';

/** The settings of a server with a directory of its own. */
function on_disk() {
  const folder = temporary_folder();
  return { 'storage.engine': 'rocksdb', 'storage.path': path.join(folder, 'data'), 'document.idle_grace': '0s' };
}

test('a document is there after a restart, with what yjs clients and JSON sessions wrote', async (context) => {
  const where = on_disk();
  const first = await own_server(context, where);
  const author = await first.client('a/b').synced();
  author.text.insert(0, 'kept');
  author.doc.getMap('map').set('key', [1, { two: 2 }]);
  author.text.delete(0, 1);
  const witness = await first.client('a/b').synced();
  await converged([author, witness]);
  author.destroy();
  witness.destroy();
  await first.server.stop();

  const second = await own_server(context, where);
  const reader = await second.client('a/b').synced();
  assert.equal(reader.text.toString(), 'ept');
  assert.deepEqual(reader.doc.getMap('map').get('key'), [1, { two: 2 }]);
  reader.text.insert(3, ' and written again');
  const other = await second.client('a/b').synced();
  await converged([reader, other]);
  await second.server.stop();

  const third = await own_server(context, where);
  assert.equal((await third.client('a/b').synced()).text.toString(), 'ept and written again');
  assert.equal((await third.client('another').synced()).text.toString(), '');
});

test('what was acknowledged is there after SIGKILL in the same moment', async (context) => {
  const where = on_disk();
  const open = [];
  const track = (thing) => open.push(thing) && thing;
  context.after(() => open.forEach((thing) => (thing.destroy ? thing.destroy() : thing.kill())));
  for (let round = 0; round < 6; ++round) {
    const server = track(await start_server(where));
    const author = await track(new yjs_client(server.url, 'counted')).synced();
    const list = author.doc.getArray('list');
    assert.deepEqual(list.toArray(), Array.from({ length: round }, (_, i) => i), 'all that was acknowledged, and nothing twice');
    if (round % 2 === 0) {
      // The echo of its own update is the acknowledgement of a y-websocket client.
      const acknowledged = new Promise((resolve) => {
        author.provider.ws.on('message', (bytes) => {
          const { type, subtype } = frame_type(new Uint8Array(bytes));
          if (type === message.sync && subtype === sync.update) resolve();
        });
      });
      list.push([round]);
      await acknowledged;
    } else {
      const client = await track(new json_client(server.url, '/counted')).open();
      await client.do({ type: 'sync' });
      const copy = new Y.Doc();
      Y.applyUpdate(copy, Y.encodeStateAsUpdate(author.doc));
      const known = Y.encodeStateVector(copy);
      copy.getArray('list').push([round]);
      await client.do({ type: 'update', payload: { update: base64(Y.encodeStateAsUpdate(copy, known)) } });
    }
    await server.kill();
    author.destroy();
  }
});

test('a server says what is wrong with its directory, and changes nothing in it', async (context) => {
  const where = on_disk();
  const running = await own_server(context, where);
  const twice = await refused_start(where);
  assert.match(twice.stderr, new RegExp(`storage\\.path: .*it is in use by process ${running.server.pid} \\(.+\\); stop the process that uses it`));
  assert.ok(twice.stderr.includes(where['storage.path']));
  await running.server.stop();

  const folder = path.dirname(where['storage.path']);
  writeFileSync(path.join(folder, 'notes.txt'), 'mine');
  const foreign = await refused_start({ ...where, 'storage.path': folder });
  assert.match(foreign.stderr, /notes\.txt|no store/);
  assert.deepEqual(readdirSync(folder).sort(), ['data', 'notes.txt']);

  const file = await refused_start({ ...where, 'storage.path': path.join(folder, 'notes.txt') });
  assert.match(file.stderr, /notes\.txt/);
  const engine = await refused_start({ 'storage.engine': 'leveldb' });
  assert.match(engine.stderr, /storage\.engine: .*rocksdb, memory or postgresql/);
});

test('the storage commands leave a running server alone, and look after the store of a stopped one', async (context) => {
  const where = on_disk();
  const store = where['storage.path'];
  const copy = `${store}-copy`;
  const tool = (...args) => {
    const run = spawnSync(binary_path(), ['storage', ...args], { timeout: 20_000 });
    return { code: run.status, out: run.stdout.toString(), err: run.stderr.toString() };
  };
  const first = await own_server(context, where);
  const author = await first.client('a/b').synced();
  author.text.insert(0, 'kept');
  const witness = await first.client('a/b').synced();
  await converged([author, witness]);
  for (const args of [['verify', store], ['repair', store], ['backup', store, copy], ['stats', store]]) {
    const refused = tool(...args);
    assert.equal(refused.code, 2);
    assert.match(refused.err, new RegExp(`it is in use by process ${first.server.pid} `));
  }
  author.destroy();
  witness.destroy();
  await first.server.stop();

  assert.equal(tool('verify', store).code, 0);
  assert.equal(tool('backup', store, copy).code, 0);
  assert.equal(JSON.parse(tool('stats', store, '--json').out).documents, 1);
  // A server that cannot open its store names the command that helps, which does.
  rmSync(path.join(store, 'CURRENT'));
  const refused = await refused_start(where);
  assert.match(refused.stderr, /it has lost its file CURRENT; .*`troupe storage repair '.*data'` saves what can be read/);
  assert.equal(tool('repair', store).code, 1);
  const second = await own_server(context, where);
  assert.equal((await second.client('a/b').synced()).text.toString(), 'kept');
  await second.server.stop();

  rmSync(store, { recursive: true });
  assert.equal(tool('restore', copy, store).code, 0);
  const third = await own_server(context, where);
  assert.equal((await third.client('a/b').synced()).text.toString(), 'kept');
  await third.server.stop();
});

test('a document whose clients come back while it is unloaded loses nothing', async (context) => {
  const of = await own_server(context, on_disk());
  let expected = '';
  for (let round = 0; round < 20; ++round) {
    const author = await of.client('a').synced();
    assert.equal(author.text.toString(), expected);
    author.text.insert(expected.length, `${round} `);
    expected += `${round} `;
    const witness = await of.client('a').synced();
    await until(() => witness.text.toString() === expected, 'the other one has it');
    author.destroy();
    witness.destroy();
  }
});
