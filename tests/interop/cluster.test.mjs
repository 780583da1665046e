// Clusters of two and three nodes with real clients of several versions at different nodes: what is written and shown at
// one is seen at the others, whoever of them dies. Faults under load are in tests/cluster.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { has_cluster, own_cluster } from './support/cluster.mjs';
import { converged } from './support/documents.mjs';
import { writing } from './support/json_client.mjs';
import { cluster_tls_section, make_cluster_certificates } from './support/tls.mjs';
import { version_client, versions } from './support/version_client.mjs';
import { pause, until } from './support/wait.mjs';
import { receive_webhooks, webhook_settings } from './support/webhook_receiver.mjs';

/** Until a dead node is noticed; until all is well again. */
const detection_ms_max = 10_000;
const renewal_ms_max = 20_000; // clients renew their presence every 15 s
const convergence_ms_max = 10_000;

const skip = has_cluster() ? false : 'this build has no clusters';
const cluster_test = (name, run) => test(name, { skip }, run);

/** A client that shows itself as `name`. */
function named(use, node, document, name) {
  const client = use.client(node, document);
  client.awareness.setLocalStateField('user', { name });
  return client;
}
const seen_by = (client) => [...client.awareness.getStates().values()].map(({ user }) => user?.name).filter(Boolean).sort();
const sees = (client, names, ms) => until(() => `${seen_by(client)}` === `${[...names].sort()}`, `${names} are seen`, ms, () => `${seen_by(client)}`);

for (const nodes of [2, 3]) {
  cluster_test(`clients of all versions at ${nodes} nodes write one text and see each other`, async (context) => {
    const use = await own_cluster(context, { nodes });
    const clients = versions.map((version, i) => use.track(new version_client(use.nodes[i % nodes].url, 'plan', `client-${i}`, { version })));
    await Promise.all(clients.map((each) => each.synced()));
    const names = clients.map(({ name }) => name);
    await Promise.all(clients.map((each) => each.sees(...names)));
    await Promise.all(
      clients.map(async (each) => {
        for (let i = 0; i < 20; ++i) await each.ask('write', `<${each.name}.${i}>`);
        await each.ask('set', each.name, 'here');
      }),
    );
    let shown;
    const is_same = async () => {
      shown = await Promise.all(clients.map(async (each) => (await each.ask('state')).contents));
      return shown.every((each) => each === shown[0] && names.every((name) => each.includes(`<${name}.19>`)));
    };
    await until(is_same, 'all show the same', convergence_ms_max, () => shown.join('\n'));
    clients[0].destroy();
    await Promise.all(clients.slice(1).map((each) => each.sees(...names.slice(1))));
    await use.cluster.converged(['plan']);
  });
}

cluster_test('a document that nobody has open at a node is found there', async (context) => {
  const use = await own_cluster(context, { settings: { 'document.idle_grace': '0s' } });
  const writer = await use.client(use.nodes[0], 'plan').synced();
  writer.text.insert(0, 'written at the first');
  const [, second, third] = use.nodes;
  for (const node of [second, third]) {
    const reader = use.client(node, 'plan');
    await until(() => reader.text.toString() === 'written at the first', 'another node shows it');
    reader.destroy();
  }
  writer.destroy();
  await use.cluster.converged(['plan']);
  assert.equal((await use.client(third, 'plan').synced()).text.toString(), 'written at the first');
});

cluster_test('JSON clients hear events, edits and presence of other nodes, and acknowledgements', async (context) => {
  const use = await own_cluster(context);
  const [a, b] = await Promise.all([use.json(use.nodes[0], '/plan?userId=ada'), use.json(use.nodes[1], '/plan?userId=bob')]);
  await a.join();
  await b.join();
  await a.do({ type: 'update', payload: { event: 'chat', text: 'hello' }, messageId: 'once' });
  assert.deepEqual(await b.event(({ event }) => event === 'chat'), { event: 'chat', text: 'hello' });
  await a.do({ type: 'update', payload: { update: writing('by ada') } });
  await until(() => b.text() === 'by ada', 'an edit arrives');
  const shown = { name: 'Ada' };
  await a.do({ type: 'presence', payload: shown });
  const id = await b.shown(shown);
  await a.do({ type: 'presence', payload: null });
  await b.hidden(id);

  // Sent again after a move to another node, it is acknowledged and does not happen twice.
  await a.leave();
  const again = await use.json(use.nodes[2], '/plan?userId=ada');
  await again.join();
  await again.do({ type: 'update', payload: { event: 'chat', text: 'hello' }, messageId: 'once' });
  await again.do({ type: 'update', payload: { event: 'marker' } });
  await b.event(({ event }) => event === 'marker');
  assert.equal(b.events().filter(({ event }) => event === 'chat').length, 1);
});

cluster_test('a closing at one node is answered when it is done at all, and names a node that is down', async (context) => {
  const { nodes, json } = await own_cluster(context);
  const [a, b, c] = nodes;
  const join_at_b = async () => (await json(b, '/plan?userId=ada')).join();
  const close = async () => {
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: 'ada' }) };
    return (await a.ask('/api/v1/sessions/close', options)).json;
  };
  await join_at_b();
  assert.deepEqual(await close(), { seconds: 0, sessions: 1 });
  await c.kill();
  const is_missed = async () => (await a.ask('/api/v1/cluster')).json.nodes.some(({ name, up }) => name === c.name && !up);
  await until(is_missed, 'the node is missed', detection_ms_max);
  await join_at_b();
  assert.deepEqual(await close(), { seconds: 0, sessions: 1, unfinished: { nodes: [c.name], requests: 0 } });
});

cluster_test('a client that moves to another node is seen there, and no longer where it was', async (context) => {
  const use = await own_cluster(context);
  const watcher = named(use, use.nodes[2], 'plan', 'watcher');
  const first = named(use, use.nodes[0], 'plan', 'mover');
  await sees(watcher, ['mover', 'watcher']);
  first.destroy();
  const second = named(use, use.nodes[1], 'plan', 'mover');
  await sees(watcher, ['mover', 'watcher']);
  second.destroy();
  await sees(watcher, ['watcher']);
});

cluster_test('when a node is killed, clients of the others keep their sockets, edit on, and no longer see its clients', async (context) => {
  const use = await own_cluster(context);
  const [a, b, c] = use.nodes;
  const doomed = named(use, a, 'plan', 'doomed');
  const ben = named(use, b, 'plan', 'ben');
  const cora = named(use, c, 'plan', 'cora');
  const json = await use.json(b, '/plan');
  await json.join();
  for (const each of [doomed, ben, cora]) await sees(each, ['ben', 'cora', 'doomed']);
  doomed.text.insert(0, 'last words. ');
  await until(() => cora.text.toString() === 'last words. ', 'the last words arrive');

  await a.kill();
  const killed = Date.now();
  ben.text.insert(0, 'while nobody has noticed. ');
  await until(() => cora.text.toString().startsWith('while'), 'edits go on at once', 2000);
  await sees(ben, ['ben', 'cora'], detection_ms_max);
  await sees(cora, ['ben', 'cora'], Math.max(1, killed + detection_ms_max - Date.now()));
  await json.do({ type: 'update', payload: { event: 'acknowledged by those who are left' } }, detection_ms_max);
  cora.text.insert(0, 'and later. ');
  await converged([ben, cora]);
  for (const each of [ben, cora]) assert.deepEqual(each.closes, []);
  assert.equal(json.raw.closed_with, undefined);

  // It comes back with what it lacks, and its client, which never gave up, with what it wrote alone.
  doomed.text.insert(0, 'alone. ');
  await a.start();
  const healed = Date.now();
  await converged([doomed, ben, cora], convergence_ms_max);
  for (const words of ['alone', 'and later', 'while nobody', 'last words']) assert.ok(doomed.text.toString().includes(words), words);
  // What the restarted node's own client remembers of the others may have their clocks, until they renew their presence.
  for (const each of [ben, cora]) await sees(each, ['ben', 'cora', 'doomed'], Math.max(1, healed + convergence_ms_max - Date.now()));
  await sees(doomed, ['ben', 'cora', 'doomed'], renewal_ms_max);
  await use.cluster.converged(['plan'], convergence_ms_max);
  const newcomer = await use.client(a, 'plan').synced();
  assert.equal(newcomer.text.toString(), doomed.text.toString());
});

cluster_test('what two nodes wrote apart is together after the heal, and so is presence', async (context) => {
  const use = await own_cluster(context, { nodes: 2 });
  const [a, b] = use.nodes;
  const [ada, ben] = [named(use, a, 'plan', 'ada'), named(use, b, 'plan', 'ben')];
  for (const each of [ada, ben]) await sees(each, ['ada', 'ben']);
  use.network.cut(a.name, b.name);
  ada.text.insert(0, 'apart at a. ');
  ben.text.insert(0, 'apart at b. ');
  await sees(ada, ['ada'], detection_ms_max);
  await sees(ben, ['ben'], detection_ms_max);
  assert.ok(!ada.text.toString().includes('at b'));
  use.network.heal();
  await converged([ada, ben], convergence_ms_max);
  assert.ok(ada.text.toString().includes('at a') && ada.text.toString().includes('at b'));
  for (const each of [ada, ben]) await sees(each, ['ada', 'ben'], convergence_ms_max);
  for (const each of [ada, ben]) assert.deepEqual(each.closes, []);
});

cluster_test('a node cut off from both others acknowledges nothing until the heal', async (context) => {
  const use = await own_cluster(context);
  const [alone, ...others] = use.nodes;
  const json = await use.json(alone, '/plan');
  await json.join();
  const other = await use.json(others[0], '/plan');
  await other.join();
  use.network.partition([alone.name], others.map(({ name }) => name));
  json.send({ type: 'update', payload: { update: writing('unheard') }, messageId: 'minority' });
  other.send({ type: 'update', payload: { update: writing('heard') }, messageId: 'majority' });
  await other.answer('majority', 1, detection_ms_max);
  await pause(1000);
  assert.deepEqual(json.answers('minority'), []);
  use.network.heal();
  assert.equal((await json.answer('minority', 1, convergence_ms_max)).type, 'ack');
  await until(() => other.text().includes('unheard') && json.text().includes('heard'), 'both have both', convergence_ms_max);
});

cluster_test('a document that is removed at one node is removed at all', async (context) => {
  const use = await own_cluster(context);
  const [a, b, c] = use.nodes;
  const clients = use.nodes.map((node) => use.client(node, 'plan'));
  await Promise.all(clients.map((each) => each.synced()));
  clients[0].text.insert(0, 'soon gone');
  await converged(clients);
  await use.cluster.converged(['plan']);
  assert.equal((await b.ask('/api/v1/documents/plan', { method: 'DELETE' })).status, 200);
  await until(() => clients.every(({ closes }) => closes.some(({ code }) => code === 4410)), 'all sessions are closed', 5000, () => JSON.stringify(clients.map(({ closes }) => closes)));
  for (const client of clients) client.destroy();
  for (const node of [a, b, c]) {
    await until(async () => (await node.ask('/api/v1/documents/plan/export')).status !== 200, `${node.name} holds it no more`);
    const late = use.client(node, 'plan');
    await until(() => late.closes.some(({ code }) => code === 4410), `${node.name} lets nobody in`);
    late.destroy();
  }
});

cluster_test('a removal while a node is away holds when it comes back', async (context) => {
  const use = await own_cluster(context);
  const [a, , c] = use.nodes;
  const writer = await use.client(a, 'plan').synced();
  writer.text.insert(0, 'must not return');
  await use.cluster.converged(['plan']);
  await until(async () => (await c.holds('plan')) !== undefined, 'the third has it');
  writer.destroy();
  await c.kill();
  assert.equal((await a.ask('/api/v1/documents/plan', { method: 'DELETE' })).status, 200);
  await c.start();
  await use.cluster.ready();
  for (const node of use.nodes) {
    const late = use.client(node, 'plan');
    await until(() => late.closes.some(({ code }) => code === 4410), `${node.name} lets nobody in`, convergence_ms_max, () => late.text.toString());
    assert.equal(late.text.toString(), '');
    late.destroy();
  }
});

const patience_ms = 15_000; // by when each request is answered, whoever can be reached
/** An edit by HTTP, at a node: writes into the text. */
const edit_by_http = (node, document, text) => {
  const body = JSON.stringify({ edits: [{ op: 'appendText', path: '/text', text }] });
  return node.ask(`/api/v1/documents/${document}`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body, ms: patience_ms });
};
const text_by_http = async (node, document) => {
  const { status, json } = await node.ask(`/api/v1/documents/${document}?as=json`, { ms: patience_ms });
  return status === 200 ? json.text : status;
};

cluster_test('a backend reads, edits and removes a document at nodes that do not store it', async (context) => {
  const use = await own_cluster(context, { replication: { keepers: 1, write_acks: 1 }, settings: { 'document.idle_grace': '1s' } });
  assert.equal((await edit_by_http(use.nodes[0], 'plan', 'one. ')).status, 200);
  const home = await use.cluster.home_of('plan');
  assert.ok(home, 'the nodes name the home');
  const [other, third] = use.nodes.filter((each) => each !== home);
  const shown = (await other.ask('/api/v1/documents/plan')).json.cluster;
  assert.deepEqual(shown, { home: home.name, keepers: [home.name], role: 'none', list: 1 });
  assert.equal((await home.ask('/api/v1/documents/plan')).json.cluster.role, 'home');
  assert.equal((await third.ask('/api/v1/documents/never')).status, 404);
  for (const node of [other, third, home, other]) {
    assert.equal(await text_by_http(node, 'plan'), (await text_by_http(home, 'plan')));
    assert.equal((await edit_by_http(node, 'plan', `by ${node.name}. `)).status, 200);
  }
  assert.equal(await text_by_http(third, 'plan'), `one. by ${other.name}. by ${third.name}. by ${home.name}. by ${other.name}. `);

  assert.equal((await third.ask('/api/v1/documents/plan', { method: 'DELETE' })).status, 200);
  // The home has it on its disk by then.
  assert.equal((await home.ask('/api/v1/documents/plan')).json.removed, true);
  for (const node of use.nodes) await until(async () => (await text_by_http(node, 'plan')) === 410, `${node.name} says that it is gone`);
});

cluster_test('a backend at a node in a minority is told so by name, and what it did is there after the heal', async (context) => {
  const use = await own_cluster(context, { cluster_settings: { load_timeout: '2s' } });
  const [alone, ...others] = use.nodes;
  assert.equal((await edit_by_http(alone, 'plan', 'before. ')).status, 200);
  assert.equal((await edit_by_http(alone, 'doomed', 'before. ')).status, 200);
  const open = await use.client(alone, 'plan').synced();
  use.network.partition([alone.name], others.map(({ name }) => name));
  await until(async () => (await others[0].ask('/api/v1/cluster')).json.nodes.some(({ up }) => !up), 'the cut is noticed', detection_ms_max);
  const refused = async (answer) => {
    const { status, json } = await answer;
    assert.deepEqual([status, json.code], [503, 'cluster_unavailable']);
  };
  const begun = Date.now();
  await Promise.all([refused(edit_by_http(alone, 'plan', 'alone. ')), refused(edit_by_http(alone, 'closed', 'x')), refused(alone.ask('/api/v1/documents/closed/export', { ms: patience_ms }))]);
  assert.ok(Date.now() - begun < patience_ms);
  await refused(alone.ask('/api/v1/documents/doomed', { method: 'DELETE', ms: patience_ms }));
  use.network.heal();
  await until(async () => (await text_by_http(others[0], 'plan')) === 'before. alone. ', 'the edit arrives', convergence_ms_max);
  assert.equal(open.text.toString(), 'before. alone. ');
});

/** A cluster whose nodes all tell one receiver, with a JSON session `user` of each at the document. */
async function told_cluster(context, document, more = {}) {
  const receiver = await receive_webhooks(context);
  const use = await own_cluster(context, { settings: webhook_settings(receiver, more) });
  const users = ['ada', 'ben', 'cora'];
  const authors = await Promise.all(use.nodes.map((node, i) => use.json(node, `/${document}?userId=${users[i]}`)));
  await Promise.all(authors.map((each) => each.join()));
  return { ...use, receiver, users, authors };
}

cluster_test('a change is announced once, by whichever node its author is at, with the author', async (context) => {
  const events = '[document.changed, document.opened, session.joined]';
  const { receiver, users, authors } = await told_cluster(context, 'plan', { 'webhooks.events': events });
  const changes = () => receiver.of({ document: 'plan', event: 'document.changed' });
  for (const [i, author] of authors.entries()) {
    const told = changes().length;
    await author.do({ type: 'update', payload: { update: writing(`by ${users[i]}`) } });
    await until(() => changes().length > told, `the change at ${users[i]}'s node is announced`);
    await pause(1500); // by when each of the others would have
    assert.deepEqual(changes().slice(told).map(({ json }) => json.authors), [[users[i]]]);
  }
  // One node announces all of a document; each tells of its own sessions.
  assert.equal(receiver.of({ document: 'plan', event: 'document.opened' }).length, 1);
  assert.deepEqual(receiver.of({ event: 'session.joined' }).map(({ json }) => json.user).sort(), users);
  assert.equal(receiver.forged, 0);
});

cluster_test('what a home could not announce is announced by the next one, when it has been away for a while', async (context) => {
  const slowly = { 'webhooks.debounce': '3s', 'webhooks.max_delay': '3s', 'webhooks.events': '[document.changed]' };
  const { cluster, nodes, receiver, authors } = await told_cluster(context, 'plan', slowly);
  await authors[0].do({ type: 'update', payload: { update: writing('before') } });
  await until(() => receiver.of({ event: 'document.changed' }).length === 1, 'the first change is announced', 10_000);
  const sent = await Promise.all(nodes.map(async (node) => (await node.ask('/api/v1/webhooks')).json.sent));
  assert.deepEqual([...sent].sort(), [0, 0, 1]);
  const home = nodes[sent.indexOf(1)];
  const author = authors[nodes.findIndex((each) => each !== home)];
  await author.do({ type: 'update', payload: { update: writing('unheard') } });
  await home.kill();
  // The others wait for as long as a restart may take.
  await until(() => receiver.of({ event: 'document.changed' }).length > 1, 'the next home announces', 30_000);
  await home.start();
  await cluster.ready();
  await cluster.converged(['plan']);
});

cluster_test('over TLS edits pass between nodes, and a node with a certificate of another authority stays outside', async (context) => {
  const certificates = make_cluster_certificates(['node-a', 'node-b', 'node-c']);
  let authority = 'ours';
  const use = await own_cluster(context, { cluster_settings: ({ name }) => ({ tls: cluster_tls_section(certificates(authority, name)) }) });
  const [a, b, c] = use.nodes;
  const [writer, reader] = [await use.client(a, 'secret').synced(), await use.client(c, 'secret').synced()];
  writer.text.insert(0, 'over TLS');
  await until(() => reader.text.toString() === 'over TLS', 'it arrives');
  await b.stop();
  authority = 'other';
  await b.start();
  await pause(3000); // it would be linked after one
  const { nodes } = (await a.ask('/api/v1/cluster')).json;
  assert.deepEqual(nodes.filter(({ up }) => up).map(({ name }) => name).sort(), ['node-a', 'node-c']);
  writer.text.insert(0, 'still ');
  await until(() => reader.text.toString() === 'still over TLS', 'the others go on');
});
