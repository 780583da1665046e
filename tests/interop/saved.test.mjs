// What clients of each version say about what is saved, in their own words: hasUnsyncedChanges of Hocuspocus's provider,
// hasLocalChanges of y-sweet's client, and with y-websocket the update that comes back and `synced`. It is said once it is
// on the disk, not before, and stays right across a hundred reconnects and SIGKILLs of the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as Y from 'yjs';

import { yjs_client } from './support/clients.mjs';
import { hocuspocus_client, versions as hocuspocus_versions } from './support/hocuspocus_client.mjs';
import { ask_admin } from './support/http.mjs';
import { free_port } from './support/metrics.mjs';
import { fresh } from './support/moving.mjs';
import { start_server } from './support/server.mjs';
import { version_client, versions } from './support/version_client.mjs';
import { pause, until } from './support/wait.mjs';

const is_long = process.env.TROUPE_LONG === '1';
const rounds = is_long ? 400 : 100;
const kills = is_long ? 20 : 4;

/** A server on a store of its own that can be killed, and looked into before its clients find it again. */
class killed_server {
  constructor() {
    this.settings = { 'storage.engine': 'rocksdb', 'storage.path': fresh('data') };
  }
  async start() {
    this.port ??= await free_port();
    this.running = await start_server({ ...this.settings, 'server.port': this.port });
    return this;
  }
  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }
  /** What is stored, asked at another port, where no client brings anything along: the texts of the documents. */
  async texts(documents) {
    const looked_at = await start_server(this.settings);
    const texts = [];
    for (const document of documents) {
      const { status, bytes } = await ask_admin(looked_at, `/api/v1/documents/${document}/export`);
      const doc = new Y.Doc();
      if (status === 200) Y.applyUpdate(doc, bytes);
      texts.push(doc.getText('text').toString());
    }
    await looked_at.stop();
    return texts;
  }
}

/** Writes round after round; `saved` is the last of which the client has said that it is saved. */
class writer {
  saved = 0;
  constructor(context, server, version, i) {
    Object.assign(this, { version, document: `saved-${i}` });
    this.client = new version_client(server.url, this.document, version, { version });
    context.after(() => this.client.destroy());
  }
  /**
   * With y-websocket, what was under way when the line was cut is at the server and does not come back. The next change
   * tells: it comes back once it is stored, with all before it.
   */
  async be_saved() {
    if (!this.version.includes('websocket')) return this.client.saved(20_000);
    await this.client.synced();
    await this.client.saved(500).catch(() => this.client.ask('write', '.'));
    await this.client.saved(20_000);
  }
  async write_all() {
    await this.client.synced();
    for (let round = 1; round <= rounds; ++round) {
      await this.client.ask('write', `<${round}`);
      // The line is cut while the edit is under way: before it was sent, or before anything was heard of it.
      await this.client.ask('drop');
      await this.client.ask('write', '>');
      await this.be_saved();
      this.saved = round;
    }
  }
}

test(`clients of all versions are right about what is saved across ${rounds} reconnects and ${kills} SIGKILLs`, async (context) => {
  const server = await new killed_server().start();
  context.after(() => server.running.stop());
  const writers = versions.map((version, i) => new writer(context, server, version, i));
  let is_done = false;
  const all = Promise.all(writers.map((each) => each.write_all())).finally(() => (is_done = true));
  all.catch(() => {}); // it is awaited below
  const slowest = () => Math.min(...writers.map(({ saved }) => saved));
  for (let kill = 1; kill <= kills && !is_done; ++kill) {
    await until(() => is_done || slowest() >= (rounds * kill) / (kills + 1), `round ${kill} of kills`, 300_000, () => writers.map(({ version, saved }) => `${version}: ${saved}`).join(', '));
    await pause(Math.random() * 50);
    const promised = writers.map(({ saved }) => saved);
    await server.running.kill();
    const texts = await server.texts(writers.map(({ document }) => document));
    for (const [i, text] of texts.entries())
      for (let round = 1; round <= promised[i]; ++round) assert.ok(text.includes(`<${round}>`), `${writers[i].version}: round ${round} of ${promised[i]} is stored`);
    await server.start();
  }
  await all;
  for (const { client, document, version } of writers) {
    const reader = await new yjs_client(server.url, document).synced();
    for (let round = 1; round <= rounds; ++round) assert.ok(reader.text.toString().includes(`<${round}>`), `${version}: round ${round}`);
    reader.destroy();
    // No acknowledgement is missing or left over: all stays saved, and what comes next is not until it is.
    await pause(100);
    assert.deepEqual(await client.ask('progress'), { synced: true, saved: true }, version);
    await client.ask('write', 'x');
    await client.saved();
  }
});

test('what is written while the server stands still is not called saved by any version', async (context) => {
  const server = await new killed_server().start();
  context.after(() => server.running.stop());
  const writers = versions.map((version, i) => new writer(context, server, version, i));
  await Promise.all(writers.map(({ client }) => client.synced()));
  for (const { client } of writers) await client.ask('write', '<1>');
  for (const { client } of writers) await client.saved();
  await server.running.freeze();
  for (const { client } of writers) await client.ask('write', '<2>');
  await pause(500);
  for (const { client, version } of writers) assert.equal((await client.ask('progress')).saved, false, version);
  server.running.thaw();
  for (const { client } of writers) await client.saved();
});

test('what a provider of Hocuspocus writes before it is connected never counts twice', async (context) => {
  const server = new killed_server();
  server.port = await free_port();
  // Typed before there is a server, so that they are sent behind the sync that has announced them.
  const clients = hocuspocus_versions.map((version) => new hocuspocus_client(`${server.url}/hocuspocus`, `early-${version}`, { version }));
  context.after(() => clients.forEach((each) => each.destroy()));
  await pause(300);
  for (const { text } of clients) for (let i = 0; i < 20; ++i) text.insert(text.length, `<${i}>`);
  await server.start();
  context.after(() => server.running.stop());
  const counts = () => clients.map(({ version, provider }) => `${version}: ${provider.unsyncedChanges}`).join(', ');
  const are_right = async (when) => {
    await until(() => clients.every(({ provider }) => provider.synced && provider.unsyncedChanges === 0), `${when} nothing is unsaved`, 10_000, counts);
    await pause(300); // an acknowledgement too many would come now
    assert.ok(clients.every(({ provider }) => provider.unsyncedChanges === 0), `${when}: ${counts()}`);
    await server.running.freeze();
    for (const { text } of clients) text.insert(0, 'x');
    await pause(300);
    for (const { version, is_saved } of clients) assert.equal(is_saved, false, `${when}, ${version}`);
    server.running.thaw();
    for (const each of clients) await each.saved();
  };
  await are_right('when they have come');
  for (const { socket, text } of clients) {
    socket.drop();
    await pause(20);
    for (let i = 0; i < 5; ++i) text.insert(0, 'away');
  }
  await are_right('when they have come back');
});
