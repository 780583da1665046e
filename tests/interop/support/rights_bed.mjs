// The documents of the tests of rights, and what is in them as an operator sees it.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';

import { ask_admin } from './http.mjs';
import { json_client } from './json_client.mjs';
import { seed, watcher_mark } from './rights_clients.mjs';
import { token } from './tokens.mjs';

/**
 * The admin port takes 8 connections at once, and for a further one closes the one that has been idle for longest: a request
 * that was on its way to that one is sent again.
 */
const admin_connections = 4;
async function send_again(send) {
  for (let tries = 5; ; --tries) {
    try {
      return await send();
    } catch (error) {
      if (tries === 0 || !['ECONNRESET', 'EPIPE'].includes(error.code)) throw error;
    }
  }
}

/** The documents of the rows, and what is in them as operators see it. */
export class rights_bed {
  #documents = 0;
  #events = new Set();

  constructor(server) {
    this.server = server;
    const agent = new Agent({ keepAlive: true, maxSockets: admin_connections });
    this.at_admin_port = (send) => send_again(() => send(agent));
    this.close = () => {
      this.watcher?.destroy();
      agent.destroy();
    };
  }
  async admin(method, target, body = undefined) {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const how = { method, headers, body: body && JSON.stringify(body), ms: 20000 };
    return this.at_admin_port((agent) => ask_admin(this.server, target, { ...how, agent }));
  }
  async must(method, target, body) {
    const answer = await this.admin(method, target, body);
    assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.body}`);
    return answer.json;
  }
  at(document, rest = '') {
    return `/api/v1/documents/${encodeURIComponent(document)}${rest}`;
  }
  write(document, text) {
    return this.must('PATCH', this.at(document), { edits: [{ op: 'setText', path: '/text', text }] });
  }

  /** Somebody who is seen in all documents, and hears events. */
  async open_watcher() {
    const bearer = token({ sub: 'watcher', docs: [{ prefix: '', rights: 'write' }] });
    this.watcher = await new json_client(this.server.url, `/?token=${bearer}`).open();
    this.watcher.raw.socket.on('message', (data) => {
      if (/"type":"update"/.test(data)) for (const mark of `${data}`.match(/mark-\d+/g) ?? []) this.#events.add(mark);
    });
  }
  async new_document() {
    const document = `${this.name}-${++this.#documents}`;
    await this.write(document, seed);
    await this.watcher.do({ type: 'sync', docName: document, payload: { as: 'text', root: 'nothing' } });
    await this.watcher.do({ type: 'presence', docName: document, payload: { mark: watcher_mark } });
    return document;
  }
  /** A document beside, with a version. */
  async new_aside(document) {
    await this.write(document, 'first');
    await this.must('POST', this.at(document, '/versions'), { label: 'first' });
  }

  async contents(document) {
    return this.must('GET', this.at(document, '?as=json'));
  }
  /** The numbers that a client has pushed. */
  async loaded(document) {
    const all = await this.contents(document);
    const keys = Object.keys(all.marks ?? {}).map((key) => /^load-\d+(?= 1$)/.exec(key)?.[0] ?? '');
    return [...(all.load ?? []), ...keys, ...(all.loaded ?? '').split(' ')].filter((each) => each.startsWith('load-')).map((each) => Number(each.slice(5)));
  }
  /** What there is of the mark of an operation: 'done', 'nothing', or 'half of it'. */
  async found(document, name, mark) {
    if (name === 'event') return this.#events.has(mark) ? 'done' : 'nothing';
    if (name === 'presence') {
      const { presence } = await this.must('GET', this.at(document, '/presence'));
      return presence.some(({ state }) => state?.mark === mark) ? 'done' : 'nothing';
    }
    const all = await this.contents(document);
    const parts = [1, 2].filter((part) => all.marks?.[`${mark} ${part}`]).length;
    if (parts === 1) return 'half of it';
    return parts === 2 || all[mark] === mark ? 'done' : 'nothing';
  }
}

/** Operations on the document beside: what they need before, and whether they have had an effect. */
export const aside_operations = {
  make_version: { is_done: async (bed, aside, mark) => (await labels(bed, aside)).includes(mark) },
  remove_version: { is_done: async (bed, aside, mark) => !(await labels(bed, aside)).includes(mark) },
  restore: { prepare: (bed, aside) => bed.write(aside, 'second'), is_done: async (bed, aside) => (await bed.contents(aside)).text === 'first' },
  remove: { is_done: async (bed, aside) => (await status_of(bed, aside)) === 410, is_removal: true },
  admit: { prepare: (bed, aside) => bed.must('DELETE', bed.at(aside)), is_done: async (bed, aside) => (await status_of(bed, aside)) === 404, is_removal: true },
};
async function labels(bed, aside) {
  return (await bed.must('GET', bed.at(aside, '/versions'))).versions.map(({ label }) => label);
}
const status_of = async (bed, aside) => (await bed.admin('GET', bed.at(aside, '?as=json'))).status;
/** Makes it again if it is removed, or was. */
export async function restore_aside(bed, aside) {
  const status = await status_of(bed, aside);
  if (status === 410) await bed.must('POST', bed.at(aside, '/admit'), {});
  if (status !== 200) await bed.new_aside(aside);
}
