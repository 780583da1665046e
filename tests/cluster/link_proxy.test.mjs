// The proxies between nodes know who dials and disturb one pair, or one direction of it, and no other. The "nodes" are
// processes that echo what they hear and tell what they are told to dial.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';

import { lasting_port } from '../interop/support/cluster.mjs';
import { link_network } from '../interop/support/link_proxy.mjs';
import { pause, until } from '../interop/support/wait.mjs';

/** Listens on its first argument and echoes; dials each port that comes in, sends a count every 10 ms and tells what returns. */
const program = `
const net = require('node:net');
net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'));
require('node:readline').createInterface({ input: process.stdin }).on('line', (port) => {
  const socket = net.connect(Number(port), '127.0.0.1');
  let count = 0;
  const timer = setInterval(() => socket.write(++count + ' ' + Date.now() + '\\n'), 10);
  require('node:readline').createInterface({ input: socket }).on('error', () => {})
    .on('line', (line) => console.log(port + ' ' + line + ' ' + Date.now()));
  socket.on('error', () => {}).on('close', () => (clearInterval(timer), console.log(port + ' closed')));
}).on('close', () => process.exit());`;

async function three_nodes(context) {
  const network = new link_network();
  const nodes = {};
  context.after(() => {
    network.close();
    for (const { child } of Object.values(nodes)) child.stdin.end();
  });
  for (const name of ['a', 'b', 'c']) {
    const listen_port = await lasting_port();
    const child = spawn(process.execPath, ['-e', program, String(listen_port)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const node = { child, heard: [] };
    createInterface({ input: child.stdout }).on('line', (line) => node.heard.push(line));
    await once(child.stdout, 'data');
    node.port = await network.add(name, listen_port, () => child.pid);
    node.dial = ({ port }) => child.stdin.write(`${port}\n`);
    /** {count, delay_ms} of all that returned from another one. */
    node.from = ({ port }) =>
      node.heard.map((line) => line.split(' ')).filter(([of, count]) => of === String(port) && count !== 'closed')
        .map(([, count, sent, came]) => ({ count: Number(count), delay_ms: came - sent }));
    node.is_cut_from = ({ port }) => node.heard.includes(`${port} closed`);
    nodes[name] = node;
  }
  return { network, ...nodes };
}

/** How many echoes come in a while. */
async function passed(from, to, ms = 200) {
  const before = from.from(to).length;
  await pause(ms);
  return from.from(to).length - before;
}

test('one pair is cut, in both directions or in one, and nothing of the stream is missing after the heal', async (context) => {
  const { network, a, b, c } = await three_nodes(context);
  a.dial(c);
  b.dial(c);
  b.dial(a);
  await until(() => a.from(c).length > 5 && b.from(c).length > 5 && b.from(a).length > 5, 'all links work');
  assert.deepEqual(network.connected(), ['a|b', 'a|c', 'b|c']);

  for (const cut of [() => network.cut('a', 'c'), () => network.hold('a', 'c'), () => network.hold('c', 'a')]) {
    cut();
    await pause(50);
    assert.equal(await passed(a, c), 0);
    assert.ok((await passed(b, c)) > 3 && (await passed(b, a)) > 3, 'the others go on');
    network.heal();
    await until(async () => (await passed(a, c)) > 5, 'the link works again');
    const counts = a.from(c).map(({ count }) => count);
    assert.deepEqual(counts, counts.map((_, at) => at + 1));
  }
  assert.ok(!a.is_cut_from(c));
});

test('a slow line delays, and one of few bytes a second holds back', async (context) => {
  const { network, a, b, c } = await three_nodes(context);
  a.dial(c);
  b.dial(c);
  await until(() => a.from(c).length > 5 && b.from(c).length > 5, 'all links work');
  network.slow('a', 'c', { delay_ms: 100 });
  await pause(400);
  assert.ok(a.from(c).at(-1).delay_ms >= 195, `${a.from(c).at(-1).delay_ms} ms there and back`);
  assert.ok(b.from(c).at(-1).delay_ms < 100);
  network.heal();
  network.slow('a', 'c', { bytes_per_second: 200 });
  const bytes = network.line('a', 'c').bytes;
  await pause(1000);
  assert.ok(network.line('a', 'c').bytes - bytes < 400, `${network.line('a', 'c').bytes - bytes} bytes in a second`);
});

test('connections are broken, and refused until the heal', async (context) => {
  const { network, a, b, c } = await three_nodes(context);
  a.dial(c);
  b.dial(c);
  await until(() => a.from(c).length > 5 && b.from(c).length > 5, 'all links work');
  network.refuse('a', 'c');
  await until(() => a.is_cut_from(c), 'the connection is broken');
  a.heard.length = 0;
  a.dial(c);
  await until(() => a.is_cut_from(c), 'another one is refused');
  assert.ok(!b.is_cut_from(c) && (await passed(b, c)) > 3);
  network.heal();
  a.dial(c);
  await until(() => a.from(c).length > 5, 'a new one works');
});

test('the end of a process is not noticed behind a cut, but after it', async (context) => {
  const { network, a, c } = await three_nodes(context);
  a.dial(c);
  await until(() => a.from(c).length > 5, 'the link works');
  network.cut('a', 'c');
  c.child.kill('SIGKILL');
  await pause(200);
  assert.ok(!a.is_cut_from(c));
  network.heal();
  await until(() => a.is_cut_from(c), 'the end is noticed');
});
