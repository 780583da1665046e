// The rest of the y-websocket family: applications that send messages of types of their own beside those of y-websocket, the
// auth message, and @y/websocket 4 with params and protocols.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import * as Y14 from '@y/y';
import { WebsocketProvider as provider_4 } from '@y/websocket';

import { own_server, use_server } from './support/fixture.mjs';
import { hex, same_bytes, sync_step1, update_frame } from './support/frames.mjs';
import { serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until } from './support/wait.mjs';

const own = use_server();

/** A client of @y/websocket 4 with @y/y. */
function open_4(context, server, name, options = {}) {
  const doc = new Y14.Doc();
  const provider = new provider_4(server.url, name, doc, { WebSocketPolyfill: WebSocket, disableBc: true, maxBackoffTime: 500, ...options });
  context.after(() => {
    provider.destroy();
    provider.awareness.destroy();
    doc.destroy();
  });
  return { doc, provider, awareness: provider.awareness, text: doc.get('text'), synced: () => until(() => provider.synced, 'a client of version 4 is synced') };
}

test('messages of types of its own end no connection, reach nobody, and cost no edit', async (context) => {
  const name = own.document();
  const one = await own.client(name).synced();
  const two = await own.client(name).synced();
  const four = open_4(context, own.server, name);
  await four.synced();
  const heard = [];
  for (const client of [two, four]) client.provider.messageHandlers[100] = () => heard.push(100);
  for (let round = 0; round < 20; ++round) {
    one.provider.ws.send(hex('64 05 68 65 6c 6c 6f'));
    four.provider.ws.send(hex('64 01 02'));
    one.text.insert(0, 'a');
  }
  await until(() => `${two.text}` === 'a'.repeat(20), 'the edits between them arrive');
  await pause(200);
  assert.deepEqual(heard, []);
  assert.deepEqual(one.closes, []);
  assert.equal(four.provider.wsconnected, true);
});

test('what stands behind a message of an unknown type in one frame is lost, what stands before it is not', async () => {
  const name = own.document();
  const watcher = await own.client(name).synced();
  const socket = await own.raw(`/${name}`).open();
  socket.send(sync_step1());
  const update = (client, digits) => update_frame(hex(`01 01 ${client} 00 04 01 04 74 65 78 74 01 ${digits}00`));
  socket.send(Buffer.concat([update('01', '41'), hex('64 01 02'), update('02', '42')]));
  await until(() => `${watcher.text}` === 'A', 'the first is applied');
  socket.send(update('03', '43'));
  await until(() => `${watcher.text}`.length === 2, 'and the socket goes on');
  assert.ok(!`${watcher.text}`.includes('B'));
});

test('a query of type 3 is answered with the presence, also behind others in its frame', async () => {
  const name = own.document();
  const shown = await own.client(name).synced();
  shown.awareness.setLocalState({ name: 'shown' });
  const socket = await own.raw(`/${name}`).open();
  await until(() => {
    socket.send(Buffer.concat([sync_step1(), hex('03')]));
    return socket.frames.some((frame) => frame[0] === 1 && Buffer.from(frame).includes('shown'));
  }, 'the answer');
});

test('@y/websocket 4 connects with params and protocols, and is told by type 2 what it may not', async (context) => {
  const server = await serve_with_tokens(context);
  const docs = (rights) => ({ sub: `user-${rights}`, docs: [{ name: 'plan', rights }] });
  const writer = open_4(context, server, 'plan', { params: { token: token(docs('write')) } });
  const reader = open_4(context, server, 'plan', { protocols: ['troupe', `troupe.token.${token(docs('read'))}`] });
  const denied = [];
  reader.provider.messageHandlers[2] = (_encoder, decoder) => denied.push(Buffer.from(decoder.arr));
  await Promise.all([writer.synced(), reader.synced()]);
  writer.text.insert(0, 'written');
  await until(() => `${reader.text.toDelta().toJSON().children?.[0]?.insert ?? ''}` === 'written', 'the reader has it');
  reader.text.insert(0, 'mine');
  await until(() => denied.length > 0, 'it is told so');
  assert.ok(same_bytes(denied[0].subarray(0, 2), hex('02 00')), `${denied[0].toString('hex')}`);
  await pause(200);
  assert.equal(reader.provider.wsconnected, true);
  assert.equal(writer.text.length, 'written'.length);
});

test('a subdocument is a document of the name of its guid, for version 4 and 3 alike', async (context) => {
  const { server, client } = await own_server(context);
  const main = open_4(context, server, 'main');
  await main.synced();
  const sub = new Y14.Doc({ guid: 'a-sub' });
  main.doc.get('map').setAttr('sub', sub);
  const there = await client('main').synced();
  await until(() => there.doc.getMap('map').get('sub')?.guid === 'a-sub', 'its guid arrives');
  const inside = await client('a-sub').synced();
  inside.text.insert(0, 'inside');
  const of_four = open_4(context, server, 'a-sub');
  await of_four.synced();
  await until(() => of_four.text.length === 6, 'and its contents');
});
