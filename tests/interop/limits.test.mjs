// Each limit of the configuration as those meet it who pass it, and as those notice who do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { converged } from './support/documents.mjs';
import { own_server } from './support/fixture.mjs';
import { memory_tells } from './support/server.mjs';
import { awareness_frame, hex, sync_step1, update_frame } from './support/frames.mjs';
import { ask_admin, request } from './support/http.mjs';
import { writing } from './support/json_client.mjs';
import { closed, free_port, with_metrics } from './support/metrics.mjs';
import { opcode, tcp_peer } from './support/tcp_peer.mjs';
import { pause, until } from './support/wait.mjs';

const skip = process.env.TROUPE_SKIP_SLOW === '1' && 'TROUPE_SKIP_SLOW=1';
const no_rate = { 'limits.messages_per_second': 0 };

// --- limits.max_connections ---

test('of a crowd as many are let in as there are places, and the others are told 4003', async (context) => {
  const use = await own_server(context, { 'limits.max_connections': 5 });
  const crowd = Array.from({ length: 25 }, (_, i) => use.raw(i % 2 ? '/crowd' : `/document-${i}`));
  await Promise.all(crowd.map((one) => one.open()));
  const ends = crowd.map((one) => ({ one, end: undefined }));
  for (const each of ends) each.one.closed.then((end) => (each.end = end));
  await until(() => ends.filter(({ end }) => end).length === 20, '20 are told to go', 5000, () => JSON.stringify(ends.map(({ end }) => end)));
  for (const { end } of ends) if (end) assert.deepEqual(end, { code: 4003, reason: 'Server at capacity' });
  const inside = ends.filter(({ end }) => !end);
  for (const { one } of inside) one.send(sync_step1());
  for (const { one } of inside) await one.frame(() => true, 'those inside are served');
});

test('places of those who left, in order or not, are taken by y-websocket clients that keep trying', async (context) => {
  const use = await own_server(context, { 'limits.max_connections': 3 });
  const [first, second] = [await use.client('a').synced(), await use.client('a').synced()];
  const third = await use.json('/a');
  await third.join();
  const late = use.client('a', { maxBackoffTime: 200 });
  const later = use.client('a', { maxBackoffTime: 200 });
  await until(() => late.closes.length > 0 && later.closes.length > 0, 'both were told');
  assert.deepEqual(late.closes[0], { code: 4003, reason: 'Server at capacity' });
  first.text.insert(0, 'typed meanwhile');
  second.vanish();
  await third.leave();
  await Promise.all([late.synced(), later.synced()]);
  await converged([first, late, later]);
  assert.equal(later.text.toString(), 'typed meanwhile');
  assert.deepEqual(first.closes, []);
});

test('who is refused takes no place, and a request for /healthz needs none', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { 'limits.max_connections': 1, ...with_metrics(port) });
  const inside = await use.client('a').synced();
  for (let i = 0; i < 10; ++i) assert.equal((await use.raw(`/a${i}`).close_reason()).code, 4003);
  assert.equal((await request(use.server, '/healthz')).status, 200);
  assert.equal(await closed(port, 'server_at_capacity'), 10);
  inside.vanish();
  await until(async () => {
    const again = await use.raw('/a').open();
    again.send(sync_step1());
    return Promise.race([again.frame(() => true, 'an answer').then(() => true), again.closed.then(() => false)]);
  }, 'the one place is free');
});

// --- limits.max_message_size ---

/** A sync update frame of exactly `size` bytes, and the length of the text it writes. */
function update_of_size(size) {
  for (let length = size; length > 0; --length) {
    const frame = update_frame(Buffer.from(writing('x'.repeat(length), { client: 1 }), 'base64'));
    if (frame.length === size) return { frame, length };
  }
  throw new Error(`no update makes a frame of ${size} bytes`);
}

test('an edit may be as large as its limit and no larger', async (context) => {
  const use = await own_server(context, { 'limits.max_message_size': 1024, 'limits.max_update_size': 4096, ...no_rate });
  const reader = await use.client('a').synced();
  const sender = await use.raw('/a').open();
  const { frame, length } = update_of_size(4096);
  sender.send(frame);
  await until(() => reader.text.length === length, 'it arrives');
  sender.send(update_of_size(4097).frame);
  assert.deepEqual(await sender.close_reason(), { code: 4413, reason: 'Message too large: 4097 bytes, limits.max_update_size is 4096' });
  await pause(50);
  assert.equal(reader.text.length, length, 'nothing of the other does');
  assert.deepEqual(reader.closes, []);
});

test('the answer to a question of the server has a limit of its own, and presence that of messages', async (context) => {
  const use = await own_server(context, {
    'limits.max_message_size': 1024, 'limits.max_update_size': 1024, 'limits.max_sync_size': 4096, ...no_rate,
  });
  const reader = await use.client('a').synced();
  const sender = await use.raw('/a').open();
  const { frame, length } = update_of_size(4096);
  const answer = Buffer.from(frame);
  answer[1] = 1;
  sender.send(answer);
  await until(() => reader.text.length === length, 'it arrives');
  const large = Buffer.from(update_of_size(4097).frame);
  large[1] = 1;
  sender.send(large);
  assert.deepEqual(await sender.close_reason(), { code: 4413, reason: 'Message too large: 4097 bytes, limits.max_sync_size is 4096' });
  const shower = await use.raw('/a').open();
  shower.send(awareness_frame(Buffer.concat([hex('01 01 01 fd 07'), Buffer.from(`"${'x'.repeat(1019)}"`)])));
  shower.send(awareness_frame(hex('01 01 02 04 22 6f 6b 22')));
  await until(() => reader.provider.awareness.getStates().get(1) === 'ok', 'what is too large is dropped and closes nobody');
});

test('a document of 1.5 MB comes back from its client after a restart', async (context) => {
  const where = { 'server.port': await free_port(), ...no_rate };
  const use = await own_server(context, where);
  const writer = await use.client('a').synced();
  writer.text.insert(0, 'x'.repeat(1_500_000));
  const reader = await use.client('a').synced();
  await until(() => reader.text.length === 1_500_000, 'it arrives');
  reader.provider.disconnect();
  const closes = writer.closes.length;
  await use.server.stop();
  const again = await own_server(context, where);
  const newcomer = await again.client('a').synced();
  await until(() => newcomer.text.length === 1_500_000, 'it is whole again');
  assert.ok(writer.closes.length - closes <= 2, `the writer is not sent away again and again: ${JSON.stringify(writer.closes)}`);
});

test('on a socket that speaks both, a large text is an error and a large binary message the end', async (context) => {
  const use = await own_server(context, { 'limits.max_message_size': 4096, ...no_rate });
  const client = await use.json('/a');
  client.speaks_binary = true;
  client.raw.send(sync_step1());
  await client.join();
  client.send(`{"type":"update","payload":"${'x'.repeat(60_000)}"}`);
  await until(() => client.of('error').length === 1, 'an error');
  assert.equal(client.of('error')[0].payload.code, 'MESSAGE_TOO_LARGE');
  assert.equal(client.of('error')[0].payload.messageId, undefined);
  client.send(`{"type":"update","docName":"a","messageId":"m1","payload":"${'x'.repeat(60_000)}"}`);
  await until(() => client.of('error').length === 2, 'another');
  assert.deepEqual([client.of('error')[1].payload.messageId, client.of('error')[1].docName], ['m1', 'a']);
  await client.do({ type: 'update', payload: { update: writing('json') } });
  client.raw.send(update_frame(Buffer.from(writing('binary'), 'base64')));
  const reader = await use.client('a').synced();
  await until(() => reader.text.length === 'jsonbinary'.length, 'both dialects go on');
  client.raw.send(new Uint8Array(5000));
  assert.equal((await client.raw.close_reason()).code, 4400);
});

test('a text of sixteen times the limit is skipped, one that is larger ends the connection', async (context) => {
  const use = await own_server(context, { 'limits.max_message_size': 4096, ...no_rate });
  const bystander = await use.json('/a');
  await bystander.join();
  const client = await use.json('/a');
  await client.join();
  client.send('x'.repeat(16 * 4096));
  await client.do({ type: 'update', payload: { update: writing('still here') } });
  client.send('x'.repeat(16 * 4096 + 1));
  assert.deepEqual(await client.raw.close_reason(), { code: 4413, reason: 'Message too large' });
  assert.deepEqual(client.of('error').map(({ payload }) => payload.code), ['MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE']);
  await bystander.do({ type: 'sync' });
  assert.equal(bystander.text(), 'still here');
});

test('a text of 60 MB that is skipped does not stay in the memory of the server', async (context) => {
  const use = await own_server(context, { 'limits.max_message_size': '4MiB', ...no_rate });
  const client = await use.json('/a');
  await client.join();
  client.send('x'.repeat(60_000_000));
  await client.do({ type: 'sync' }, 10000);
  assert.equal(client.of('error').length, 1);
  const peak = await use.server.memory('VmHWM');
  if (!memory_tells) return context.diagnostic('memory was not judged: the server runs under a sanitizer');
  assert.ok(peak < 60_000_000, `${peak} bytes at the peak`);
});

// --- limits.messages_per_second ---

test('binary edits above the rate all arrive while others are not slowed down', async (context) => {
  const use = await own_server(context, { 'limits.messages_per_second': 100, 'limits.edit_burst': 20 });
  const reader = await use.client('a').synced();
  const calm = await use.client('a').synced();
  const flood = await use.raw('/a').open();
  flood.send(sync_step1());
  const doc = new Y.Doc();
  doc.on('update', (update) => flood.send(update_frame(update)));
  for (let i = 0; i < 200; ++i) doc.getMap('flood').set(`${i}`, i);
  await pause(100);
  const begin = Date.now();
  calm.doc.getMap('calm').set('key', 1);
  await until(() => reader.doc.getMap('calm').has('key'), 'the edit of another arrives');
  const milliseconds = Date.now() - begin;
  assert.ok(reader.doc.getMap('flood').size < 200, 'the flood is still under way');
  assert.ok(milliseconds < 500, `${milliseconds} ms`);
  await until(() => reader.doc.getMap('flood').size === 200, 'all of the flood', 10000, () => `${reader.doc.getMap('flood').size}`);
});

test('JSON messages above the rate are refused one by one, and the refused do nothing', async (context) => {
  const use = await own_server(context, { 'limits.messages_per_second': 10, 'limits.message_burst': 5 });
  const [sender, other] = [await use.json('/a'), await use.json('/a')];
  await other.join();
  await sender.join();
  const ids = Array.from({ length: 30 }, (_, i) => `m-${i}`);
  for (const messageId of ids) sender.send({ type: 'update', payload: messageId, messageId });
  await until(() => ids.every((id) => sender.answers(id).length === 1), 'each is answered', 5000, () => sender.seen());
  const refused = ids.filter((id) => sender.answers(id)[0].type === 'error');
  assert.ok(refused.length >= 20, `${refused.length} are refused`);
  for (const id of refused) assert.equal(sender.answers(id)[0].payload.code, 'RATE_LIMIT_EXCEEDED');
  const taken = ids.filter((id) => !refused.includes(id));
  await until(() => other.events().length === taken.length, 'what was acknowledged is heard');
  assert.deepEqual(other.events(), taken);
  await pause(600);
  await sender.do({ type: 'update', payload: 'later' });
});

test('on a socket that speaks both, what is above the rate waits in both dialects', async (context) => {
  const use = await own_server(context, { 'limits.messages_per_second': 100, 'limits.message_burst': 10 });
  const reader = await use.client('a').synced();
  const hearer = await use.json('/a');
  await hearer.join();
  const both = await use.json('/a');
  both.speaks_binary = true;
  await both.join();
  both.raw.send(sync_step1());
  const doc = new Y.Doc();
  doc.on('update', (update) => both.raw.send(update_frame(update)));
  const ids = [];
  for (let i = 0; i < 60; ++i) {
    doc.getText('text').insert(i, 'b');
    ids.push(`both-${i}`);
    both.send({ type: 'update', payload: i, messageId: ids[i] });
  }
  await until(() => reader.text.length === 60, 'every edit arrives', 10000, () => `${reader.text.length} of 60`);
  await until(() => ids.every((id) => both.answers(id).length === 1), 'every JSON message is answered', 10000, () => both.seen());
  assert.deepEqual(both.of('error'), []);
  await until(() => hearer.events().length === 60, 'every event is heard');
  assert.deepEqual(hearer.events(), [...ids.keys()]);
});

// --- heartbeat ---

/** An awareness update by which client 7 shows {"name":"ghost"}. */
const ghost = awareness_frame(Buffer.concat([hex('01 07 01 10'), Buffer.from('{"name":"ghost"}')]));
const quick_heartbeat = { 'heartbeat.interval': '500ms', 'heartbeat.timeout': '2s' };

test('who answers no ping is gone after heartbeat.timeout, and so is its presence', async (context) => {
  const port = await free_port();
  const use = await own_server(context, { ...quick_heartbeat, ...with_metrics(port) });
  const observer = await use.client('a').synced();
  const listener = await use.json('/a');
  await listener.join();
  const [dead, alive] = [use.track(new tcp_peer(use.server.port)), use.track(new tcp_peer(use.server.port))];
  for (const peer of [dead, alive]) await peer.upgrade('/a');
  dead.send(sync_step1());
  dead.send(ghost);
  let answered = 0;
  const timer = setInterval(() => {
    const pings = alive.frames().filter(({ kind }) => kind === opcode.ping);
    for (; answered < pings.length; ++answered) alive.send(pings[answered].payload, opcode.pong);
  }, 20);
  context.after(() => clearInterval(timer));
  const begin = Date.now();
  await listener.shown({ name: 'ghost' });
  await until(() => observer.awareness.getStates().has(7), 'it is seen');
  await dead.end(6000);
  const seconds = (Date.now() - begin) / 1000;
  assert.ok(seconds >= 1.9 && seconds < 4.5, `after ${seconds} s`);
  await listener.hidden(7);
  await until(() => !observer.awareness.getStates().has(7), 'it is seen no more');
  assert.equal(await closed(port, 'heartbeat_timeout'), 1);
  assert.ok(!dead.frames().some(({ kind }) => kind === opcode.close), 'no goodbye to one who does not hear');
  await pause(1000);
  assert.ok(!alive.is_closed && answered >= 3, `${answered} pings were answered`);
  assert.deepEqual(observer.closes, []);
  await listener.do({ type: 'sync' });
});

test('a socket at / that says nothing is asked for its heartbeat as well', async (context) => {
  const use = await own_server(context, quick_heartbeat);
  const peer = await use.track(new tcp_peer(use.server.port)).upgrade('/');
  await peer.end(6000);
});

// --- HTTP ---

/** Sends bytes to a new peer and resolves to what it is answered until the end. */
async function answer_to(use, ...parts) {
  const peer = await use.track(new tcp_peer(use.server.port)).open();
  for (const part of parts) peer.write(part);
  await peer.end(8000);
  return peer.answer();
}

test('a header above 8 KiB is refused with 431, whole or without an end', async (context) => {
  const use = await own_server(context);
  const head = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';
  const large = `X-Large: ${'x'.repeat(9000)}\r\n`;
  assert.match(await answer_to(use, `${head}${large}\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await answer_to(use, head, large), /^HTTP\/1\.1 431 /);
  assert.match(await answer_to(use, `GET /${'n'.repeat(9000)}`), /^HTTP\/1\.1 431 /);
  assert.match(await answer_to(use, head, ...Array.from({ length: 5000 }, (_, i) => `X-${i}: x\r\n`)), /^HTTP\/1\.1 (431|400) /);
  const small = `${head}Connection: close\r\nX-Small: ${'x'.repeat(7000)}\r\n\r\n`;
  assert.match(await answer_to(use, small), /^HTTP\/1\.1 200 /);
});

test('a request with a body is refused with 413, and what is no HTTP with 400', async (context) => {
  const use = await own_server(context);
  assert.match(await answer_to(use, 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello'), /^HTTP\/1\.1 413 /);
  assert.match(await answer_to(use, 'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'), /^HTTP\/1\.1 413 /);
  assert.match(await answer_to(use, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await answer_to(use, Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 13, 10, 13, 10])), /^HTTP\/1\.1 400 /);
});

test('slow: who does not finish a request in 10 s is dropped, however it fills the time', { skip }, async (context) => {
  const use = await own_server(context);
  const request_line = 'GET /a HTTP/1.1\r\n';
  const ways = { 'nothing at all': [''], 'half a header': [request_line], 'one answered request': ['GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n'], 'a byte now and then': [...request_line] };
  const seconds = await Promise.all(Object.values(ways).map(async (parts) => {
    const peer = await use.track(new tcp_peer(use.server.port)).open();
    const begin = Date.now();
    const drip = setInterval(() => peer.write(parts.shift() ?? 'x'), 500);
    if (parts.length === 1) clearInterval(drip);
    if (parts.length === 1) peer.write(parts[0]);
    await peer.end(16000);
    clearInterval(drip);
    return (Date.now() - begin) / 1000;
  }));
  Object.keys(ways).forEach((way, i) => assert.ok(seconds[i] > 9 && seconds[i] < 15, `${way}: ${seconds[i]} s`));
});

// --- limits.max_documents ---

test('twelve documents take turns in the room of three, and each keeps its content', async (context) => {
  const use = await own_server(context, { 'limits.max_documents': 3 });
  const names = Array.from({ length: 12 }, (_, i) => `turn-${i}`);
  for (const round of [1, 2]) {
    for (const name of names) {
      const client = await use.client(name, { maxBackoffTime: 100 }).synced(10000);
      assert.equal(client.text.toString(), round === 1 ? '' : name);
      if (round === 1) {
        client.text.insert(0, name);
        const witness = await use.client(name).synced();
        assert.equal(witness.text.toString(), name);
        witness.destroy();
      }
      const { json } = await ask_admin(use.server, '/api/v1/documents?open=true');
      assert.ok(json.documents.filter(({ unloading }) => !unloading).length <= 3, JSON.stringify(json));
      client.destroy();
    }
  }
});

test('a document in use is not put out for a newcomer', async (context) => {
  const use = await own_server(context, { 'limits.max_documents': 2 });
  const first = await use.client('first').synced();
  const second = await use.json('/second');
  await second.join();
  for (let i = 0; i < 5; ++i) {
    const refused = await use.raw(`/third-${i}`).open();
    const { code, reason } = await refused.close_reason();
    assert.deepEqual({ code, reason }, { code: 1013, reason: 'Too many open documents, try again later' });
  }
  first.text.insert(0, 'still here');
  const other = await use.client('first').synced();
  assert.equal(other.text.toString(), 'still here');
  await second.do({ type: 'update', payload: { update: writing('here, too') } });
  assert.deepEqual(first.closes, []);
});
