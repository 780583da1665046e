// The examples of docs/json-dialect.md against protocol/json/json-dialect.schema.json; no server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as Y from 'yjs';

import { is_client_message, is_server_message, matches_schema } from './support/json_schema.mjs';

const page = readFileSync(fileURLToPath(new URL('../../docs/json-dialect.md', import.meta.url)), 'utf8');

/** The texts of the blocks fenced as ```json SIDE. */
const examples = (side) =>
  [...page.matchAll(/^```json (\w+)\n([\s\S]*?)\n```$/gm)].filter((match) => match[1] === side).map((match) => match[2]);

const base64 = (bytes) => Buffer.from(bytes).toString('base64');

test('what the page shows of a client is in the schema', () => {
  assert.ok(examples('client').length >= 6);
  for (const text of examples('client')) matches_schema(is_client_message, JSON.parse(text));
});

test('what the page shows of the server is in the schema', () => {
  assert.ok(examples('server').length >= 10);
  for (const text of examples('server')) matches_schema(is_server_message, JSON.parse(text));
});

test('what the page shows as refused is not in the schema', () => {
  assert.ok(examples('refused').length >= 4);
  for (const text of examples('refused')) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      continue; // no JSON at all
    }
    assert.equal(is_client_message(message), false, text);
  }
});

test('the schema refuses what the decoder refuses', () => {
  const wrong = [
    null, [], 'sync', 7, {}, { type: 'ack' }, { type: 'error', payload: {} }, { type: 7 }, { type: 'Sync' },
    { type: 'sync', payload: [] }, { type: 'sync', payload: 'AQEF' }, { type: 'sync', payload: { stateVector: 7 } },
    { type: 'sync', payload: { stateVector: 'A' } }, { type: 'sync', docName: '' }, { type: 'sync', docName: null },
    { type: 'sync', docName: 'a\nb' }, { type: 'sync', docName: 'n'.repeat(513) }, { type: 'sync', messageId: '' },
    { type: 'sync', messageId: 7 }, { type: 'sync', messageId: 'm'.repeat(129) }, { type: 'update' }, { type: 'presence' }, { type: 'leave', docName: '' },
    { type: 'update', payload: { update: null } }, { type: 'update', payload: { update: [0, 0] } },
    { type: 'update', payload: { update: 'AAA' } }, { type: 'update', payload: { update: 'AA-_' } },
    { type: 'update', payload: { update: 'AAB=' } }, { type: 'update', payload: { update: 'AB==' } },
    { type: 'update', payload: { update: 'AAA=AAA=' } }, { type: 'update', payload: { update: ' AAA=' } },
    { type: 'sync', payload: { as: 'text' } }, { type: 'sync', payload: { as: 'yaml' } }, { type: 'sync', payload: { as: 'json', root: 7 } },
  ];
  for (const message of wrong) assert.equal(is_client_message(message), false, JSON.stringify(message));
});

test('the schema accepts what the decoder accepts', () => {
  const right = [
    { type: 'sync' }, { type: 'sync', payload: null }, { type: 'sync', payload: {} }, { type: 'sync', payload: { stateVector: '' } },
    { type: 'sync', docName: 'n'.repeat(512), messageId: 'm'.repeat(128), more: 1 },
    { type: 'update', payload: { update: '', more: [] } }, { type: 'update', payload: null }, { type: 'update', payload: 'update' },
    { type: 'update', payload: [{ update: 1 }] }, { type: 'update', payload: { Update: 1 } }, { type: 'presence', payload: { update: 1 } },
    { type: 'sync', payload: { as: 'json' } }, { type: 'sync', payload: { as: 'delta', root: '' } }, { type: 'update', payload: { edit: [] } },
    { type: 'presence', payload: false }, { type: 'leave' }, { type: 'leave', docName: 'a', messageId: 'l', payload: 7 },
  ];
  for (const message of right) matches_schema(is_client_message, message);
  for (let size = 0; size < 300; ++size) {
    const bytes = Uint8Array.from({ length: size % 7 }, (_, i) => (size * 37 + i * 101) & 255);
    matches_schema(is_client_message, { type: 'update', payload: { update: base64(bytes) } });
  }
});

test('the bytes of the page are those that yjs writes', () => {
  const one = new Y.Doc();
  one.clientID = 1;
  one.getText('text').insert(0, 'hello');
  assert.ok(page.includes(`\`${base64(Y.encodeStateAsUpdate(one))}\` is the update`));
  assert.ok(page.includes(`\`${base64(Y.encodeStateVector(one))}\` the state vector`));
  const two = new Y.Doc();
  two.clientID = 2;
  Y.applyUpdate(two, Y.encodeStateAsUpdate(one));
  two.once('update', (update) => assert.ok(page.includes(`"${base64(update)}"`)));
  two.getText('text').insert(5, ' world');
  assert.ok(page.includes(`\`${base64(Y.encodeStateVector(new Y.Doc()))}\` is the empty state vector`));
  assert.ok(page.includes(`\`${base64(Y.encodeStateAsUpdate(new Y.Doc()))}\``));
});
