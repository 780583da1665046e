// What works with which version of which client: each cell of the table in docs/compatibility.md is tried with the client
// itself, and the page must say what was seen. TROUPE_WRITE_PAGES=1 writes the table into the page.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { yjs_client } from './support/clients.mjs';
import { own_server } from './support/fixture.mjs';
import { hocuspocus_client, hocuspocus_socket } from './support/hocuspocus_client.mjs';
import { json_client } from './support/json_client.mjs';
import { free_port } from './support/metrics.mjs';
import { serve_with_tokens, token } from './support/tokens.mjs';
import { version_client, versions } from './support/version_client.mjs';
import { pause, until } from './support/wait.mjs';
import { manager_of } from './support/y_sweet_client.mjs';
import { is_sanitized } from './support/server.mjs';

const page = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));
const [begin, end] = ['<!-- what tests/interop/compatibility.test.mjs has seen: begin -->', '<!-- end -->'];
const server_token = 'the-server-token-of-the-tests';

const is_hocuspocus = (version) => version.startsWith('hocuspocus');
const is_y_sweet = (version) => version.startsWith('y-sweet');
const package_of = (version) => version.replace(/^hocuspocus /, '@hocuspocus/provider ').replace(/^y-sweet /, '@y-sweet/client ');

/** One client and what has been seen of it, by feature. */
class subject {
  cells = {};
  constructor(version, i) {
    Object.assign(this, { version, document: `compatibility-${i}` });
  }
  /** Tries a feature; what fails is not there, for the reason that is told. */
  async see(context, feature, what) {
    try {
      this.cells[feature] = (await what()) ?? 'yes';
    } catch (error) {
      this.cells[feature] = 'no';
      context.diagnostic(`${this.version}: ${feature}: ${error.message}`);
    }
  }
}

const names_seen = (client) => [...client.awareness.getStates().values()].map(({ user }) => user?.name).filter(Boolean);
const text_in = async (client) => JSON.parse((await client.ask('state')).contents)[0].map(({ insert }) => insert).join('');

const features = {
  edits: 'edits beside y-websocket and JSON',
  together: 'edits beside all others',
  presence: 'presence across dialects, gone with a killed client',
  reconnects: 'back after a cut line',
  brings: 'brings its document to a server that lost it',
  saved: 'says what is saved',
  reads: 'a token to read',
  refused: 'without a token',
  shares: 'documents on a socket',
};

async function try_edits(use, one) {
  const witness = await use.client(one.document).synced();
  const json = await use.json(`/${one.document}`);
  await json.join(one.document);
  await one.client.ask('write', 'some text ');
  await one.client.ask('embolden', 0, 4);
  await one.client.ask('erase', 9, 1);
  await one.client.ask('set', 'key', 'value');
  await one.client.ask('push', 1);
  await until(() => witness.text.toString() === 'some text' && witness.text.toDelta()[0]?.attributes?.bold === true, 'y-websocket has the text');
  await until(() => witness.doc.getMap('map').get('key') === 'value' && witness.doc.getArray('array').length === 1, 'and the rest');
  await until(() => json.text(one.document) === 'some text', 'JSON has it');
  witness.text.insert(0, 'of others: ');
  await until(async () => (await text_in(one.client)) === 'of others: some text', 'it has what others write');
  one.witness = witness;
}

async function try_presence(use, one) {
  one.witness.awareness.setLocalStateField('user', { name: 'witness' });
  const killed = use.track(new version_client(use.server.url, one.document, 'killed', { version: one.version }));
  await killed.sees('killed', 'witness', one.client.name);
  await until(() => names_seen(one.witness).includes('killed'), 'the witness sees it');
  killed.kill();
  await until(() => !names_seen(one.witness).includes('killed'), 'it is gone');
}

async function try_line(one) {
  await one.client.ask('drop');
  await one.client.ask('write', '!');
  await until(() => one.witness.text.toString().endsWith('!'), 'what was written meanwhile arrives', 10_000);
  await one.client.synced();
}

/** What is written while the server stands still is not saved, and then it is. */
async function try_saved(context, use, all) {
  await use.server.freeze();
  await Promise.all(all.map(({ client }) => client.ask('write', '?')));
  await pause(300);
  const early = await Promise.all(all.map(({ client }) => client.ask('progress')));
  use.server.thaw();
  const words = (version) => (is_hocuspocus(version) ? '`hasUnsyncedChanges`' : is_y_sweet(version) ? '`hasLocalChanges`' : 'its update comes back');
  await Promise.all(all.map((one, i) => one.see(context, 'saved', async () => {
    assert.equal(early[i].saved, false);
    await one.client.saved();
    return words(one.version);
  })));
}

async function try_rights(context, all) {
  const server = await serve_with_tokens(context, { 'dialects.y_sweet_token': server_token });
  const manager = manager_of(server, server_token);
  await manager.createDoc('plan');
  const for_user = (rights) => token({ sub: `user-${rights}`, docs: [{ name: 'plan', rights }] });
  const token_of = (version, rights) => (is_y_sweet(version) ? manager.getClientToken('plan', { authorization: rights === 'read' ? 'read-only' : 'full' }) : for_user(rights));
  const writer = new yjs_client(server.url, 'plan', { params: { token: for_user('write') } });
  context.after(() => writer.destroy());
  await writer.synced();
  const start = async (version, shown) => {
    const client = new version_client(server.url, 'plan', version, { version, token: shown });
    context.after(() => client.destroy());
    return client;
  };
  await Promise.all(all.map((one) => one.see(context, 'reads', async () => {
    const reader = await start(one.version, await token_of(one.version, 'read'));
    await reader.synced();
    await reader.ask('write', `<${one.version}>`);
    await pause(300);
    assert.ok(!writer.text.toString().includes(one.version), 'what it writes reaches nobody');
    assert.equal((await reader.ask('progress')).saved, false, 'nor is it called saved');
    writer.text.insert(0, `{for ${one.version}}`);
    await until(async () => (await text_in(reader)).includes(`{for ${one.version}}`), 'it hears what others write');
    return is_y_sweet(one.version) ? 'reads only, by a client token' : is_hocuspocus(one.version) ? 'reads only, by `token`' : 'reads only, by `params`';
  })));
  await Promise.all(all.map((one) => one.see(context, 'refused', async () => {
    const good = await token_of(one.version, 'read');
    const stranger = await start(one.version, is_y_sweet(one.version) ? { ...good, token: 'no.good.token' } : 'no.good.token');
    await pause(500);
    assert.equal((await stranger.ask('progress')).synced, false);
    return 'refused';
  })));
}

/** Only Hocuspocus's providers share sockets. */
async function try_sharing(use, one) {
  if (!is_hocuspocus(one.version)) return 'one';
  const version = one.version.split(' ')[1];
  const socket = use.track(new hocuspocus_socket(`${use.server.url}/hocuspocus`, { version }));
  const both = ['a', 'b'].map((name) => use.track(new hocuspocus_client(undefined, `${one.document}-${name}`, { socket })));
  for (const each of both) await each.synced();
  both[0].text.insert(0, 'a');
  await both[0].saved();
  return 'many';
}

// What a client shows for a moment is missed where the server is slow.
const is_slow = is_sanitized && 'the server is slow under the sanitizers';

test('the table of clients and features says what is seen', { skip: is_slow }, async (context) => {
  const where = { 'server.port': await free_port() };
  const use = await own_server(context, where);
  const all = versions.map((version, i) => new subject(version, i));
  for (const one of all) one.client = use.track(new version_client(use.server.url, one.document, one.version, { version: one.version }));
  await Promise.all(all.map(({ client }) => client.synced()));

  await Promise.all(all.map((one) => one.see(context, 'edits', () => try_edits(use, one))));
  await Promise.all(all.map((one) => one.see(context, 'presence', () => try_presence(use, one))));
  await Promise.all(all.map((one) => one.see(context, 'reconnects', () => try_line(one))));
  const meeting = versions.map((version) => use.track(new version_client(use.server.url, 'together', version, { version })));
  await Promise.all(meeting.map((client) => client.synced()));
  await Promise.all(meeting.map((client) => client.ask('write', `<${client.version}>`)));
  await Promise.all(all.map((one, i) => one.see(context, 'together', () =>
    until(async () => {
      const text = await text_in(meeting[i]);
      return versions.every((version) => text.includes(`<${version}>`)) && text === (await text_in(meeting[0]));
    }, 'it shows what all have written', 10_000).then(() => 'yes'))));
  await try_saved(context, use, all);
  await Promise.all(all.map((one) => one.see(context, 'shares', () => try_sharing(use, one))));
  await try_rights(context, all);

  // The server comes back with nothing.
  for (const one of all) one.witness.destroy();
  await use.server.stop();
  const again = await own_server(context, where);
  await Promise.all(all.map((one) => one.see(context, 'brings', async () => {
    await until(async () => {
      const reader = again.client(one.document);
      await reader.synced();
      const text = reader.text.toString();
      reader.destroy();
      return text.startsWith('of others: some text');
    }, 'the server has it again', 15_000);
  })));

  const columns = Object.entries(features);
  const rows = all.map(({ version, cells }) => `| ${[package_of(version), ...columns.map(([name]) => cells[name])].join(' | ')} |`);
  const table = [`| client | ${columns.map(([, title]) => title).join(' | ')} |`, `|---|${'---|'.repeat(columns.length)}`, ...rows].join('\n');
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(`${begin}\n`);
  assert.ok(rest, `${page} has the markers of the table`);
  const after = rest.slice(rest.indexOf(end));
  const expected = `${before}${begin}\n\n${table}\n\n${after}`;
  if (process.env.TROUPE_WRITE_PAGES) return writeFileSync(page, expected);
  assert.equal(text, expected, 'docs/compatibility.md says something else; TROUPE_WRITE_PAGES=1 tests/interop/run.sh compatibility.test.mjs writes it');
});
