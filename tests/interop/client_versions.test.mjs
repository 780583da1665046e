// The versions of the y-websocket provider that people run, with the Yjs that belongs to each, beside each other in one
// document: under Node always, under other runtimes with runtimes.sh.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { own_server } from './support/fixture.mjs';
import { free_port } from './support/metrics.mjs';
import { is_missing, runtimes, version_client, versions } from './support/version_client.mjs';
import { until } from './support/wait.mjs';

/** A server that can be restarted at its address: {open(name, how), restart(offline)}. */
async function restartable_server(context) {
  const where = { 'server.port': await free_port() };
  const first = await own_server(context, where);
  return {
    open: (name, how) => first.track(new version_client(first.server.url, 'a', name, how)),
    /** `offline` is done while no server is there. */
    restart: async (offline) => {
      await first.server.stop();
      await offline();
      await own_server(context, where);
    },
  };
}

/** Waits until all clients show the same, and `matches` accepts it; returns [delta of the text, map, array]. */
async function converged(clients, matches, what) {
  let shown;
  const is_same = async () => {
    shown = await Promise.all(clients.map(async (one) => (await one.ask('state')).contents));
    return shown.every((one) => one === shown[0]) && matches(...JSON.parse(shown[0]));
  };
  const described = () => clients.map((one, i) => `\n${one.name} (${one.version}, ${one.runtime}): ${shown[i]}`).join('');
  await until(is_same, `all show ${what}`, 10000, described);
  return JSON.parse(shown[0]);
}

const text_of = (delta) => delta.map(({ insert }) => insert).join('');

/** Each of the clients makes each kind of edit, all at the same time. */
const edit_all = (clients, round) =>
  Promise.all(clients.map(async (one, i) => {
    await one.ask('write', `<${one.name}${round}>`);
    await one.ask('embolden', 50 + i, 1);
    await one.ask('erase', 0, 1);
    await one.ask('set', one.name, round);
    await one.ask('set', 'common', one.name);
    await one.ask('push', `${one.name}${round}`);
  }));

/** Whether everybody's edits of a round are there; the map has those of the last round. */
const has_written = (clients, round) => (delta, _, array) =>
  clients.every(({ name }) => text_of(delta).includes(`<${name}${round}>`) && array.includes(`${name}${round}`));
const has_all = (clients, last) => (...contents) =>
  clients.every(({ name }) => contents[1][name] === last) && [1, last].every((round) => has_written(clients, round)(...contents));

/** What is asked of clients in one document, of whatever versions: the first two watch each other leave. */
async function get_along(context, hows) {
  const { open, restart } = await restartable_server(context);
  const names = hows.map((_, i) => `client-${i}`);
  const first = await open(names[0], hows[0]).synced();
  const begun = 'who comes first writes a text '.repeat(3);
  await first.ask('write', begun);
  const clients = [first, ...hows.slice(1).map((how, i) => open(names[i + 1], how))];
  await Promise.all(clients.map((one) => one.synced()));
  await converged(clients, (delta) => text_of(delta) === begun, 'the text that was there before them');
  await Promise.all(clients.map((one) => one.sees(...names)));

  await edit_all(clients, 1);
  const [delta, map] = await converged(clients, has_all(clients, 1), 'the edits of all');
  assert.ok(delta.some(({ format }) => format === '{"bold":true}'), 'something is bold');
  assert.ok(names.includes(map.common), 'the key that all have set has the value of one');

  for (const [leaver, witness] of [[clients[1], first], [first, clients[1]]]) {
    await leaver.ask('disconnect');
    await witness.sees(...names.filter((name) => name !== leaver.name));
    await leaver.ask('write', `{${leaver.name} alone}`);
    await leaver.ask('connect');
    await witness.sees(...names);
    await Promise.all(clients.map((one) => one.sees(...names)));
    await converged(clients, (after) => text_of(after).includes(`{${leaver.name} alone}`), 'what was written meanwhile');
  }

  // The server comes back empty: all that is there afterwards, its clients have brought.
  await restart(() => edit_all(clients, 2));
  await converged(clients, has_all(clients, 2), 'what was there, and the edits made without a server');
  await Promise.all(clients.map((one) => one.sees(...names)));
  const late = open('late', hows[0]);
  await converged([...clients, late], has_all(clients, 2), 'everything, also to one that comes last');
}

for (const runtime of Object.keys(runtimes))
  for (const [i, version] of versions.entries()) {
    const other = versions[(i + 1) % versions.length];
    const name = `${version} under ${runtime} and ${other} under node: both edit, see each other, and come back to a new server`;
    test(name, { skip: is_missing(runtime) }, (context) => get_along(context, [{ version, runtime }, { version: other }]));
  }

test('all versions under all runtimes that are there edit one document', (context) => {
  const there = Object.keys(runtimes).filter((runtime) => !is_missing(runtime));
  return get_along(context, there.flatMap((runtime) => versions.map((version) => ({ version, runtime }))));
});
