// One row of the matrix of rights: a client with the rights of its token, before a change, while it is made, after it, and
// when it has been lifted. Each cell is what came of one operation: what the client was told and what is there, together.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';

import { ask_admin } from './http.mjs';
import { json_client } from './json_client.mjs';
import { seed, watcher_mark } from './rights_clients.mjs';
import { token } from './tokens.mjs';
import { pause, until } from './wait.mjs';

/** Words of tokens, and what they allow. */
export const sets = {
  none: { words: [], may: [] },
  read: { words: ['read'], may: ['read'] },
  'read+presence': { words: ['presence'], may: ['read', 'presence'] },
  'read+write': { words: ['write', 'no_presence'], may: ['read', 'write'] },
  'read+write+presence': { words: ['write'], may: ['read', 'write', 'presence'] },
  admin: { words: ['admin'], may: ['read', 'write', 'presence', 'admin'] },
};

/** Ways to change rights: where they are asked for, and what they leave of what there was. */
export const changes = {
  ...Object.fromEntries(
    Object.entries(sets).map(([name, { words, may }]) => [
      `capped at ${name}`,
      { page: 'rights', body: { rights: words, seconds: 60 }, left: (before) => before.filter((each) => may.includes(each)) },
    ]),
  ),
  closed: { page: 'close', body: { seconds: 60 }, left: () => [] },
  'granted write': { page: 'rights', body: { rights: ['write'], seconds: 60, grant: true }, left: (before) => [...new Set([...before, ...sets['read+write+presence'].may])] },
  'capped at read for those who are here': { page: 'rights', body: { rights: ['read'], seconds: 0 }, left: (before) => before.filter((each) => each === 'read'), is_passing: true },
};

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

let marks = 0;
const fresh_mark = () => `mark-${++marks}`;
const last_of = (seconds) => Date.now() + seconds * 1000;

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
  /** A document beside that may be removed and restored. */
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

/** What operations on the document beside need before, and whether they have had an effect. */
const aside_operations = {
  make_version: { is_done: async (bed, aside, mark) => (await labels(bed, aside)).includes(mark) },
  remove_version: { is_done: async (bed, aside, mark) => !(await labels(bed, aside)).includes(mark) },
  restore: { prepare: (bed, aside) => bed.write(aside, 'second'), is_done: async (bed, aside) => (await bed.contents(aside)).text === 'first' },
  remove: { is_done: async (bed, aside) => (await status_of(bed, aside)) === 410, restore: true },
  admit: { prepare: (bed, aside) => bed.must('DELETE', bed.at(aside)), is_done: async (bed, aside) => (await status_of(bed, aside)) === 404, restore: true },
};
async function labels(bed, aside) {
  return (await bed.must('GET', bed.at(aside, '/versions'))).versions.map(({ label }) => label);
}
const status_of = async (bed, aside) => (await bed.admin('GET', bed.at(aside, '?as=json'))).status;
/** Makes it again if it is removed, or was. */
async function restore_aside(bed, aside) {
  const status = await status_of(bed, aside);
  if (status === 410) await bed.must('POST', bed.at(aside, '/admit'), {});
  if (status !== 200) await bed.new_aside(aside);
}
const is_aside = (name) => name in aside_operations || ['versions', 'version', 'compare'].includes(name);
/** Operations that show something and change nothing. */
const is_reading = (kind, name) => kind.needs[name] === 'read' || ['sessions', 'raw', 'copy', 'list', 'change_rights', 'lift', 'client_token'].includes(name);

/** What must come of an operation for somebody who may do this; `ended`: if the session is over. */
function wanted(kind, name, may, ended) {
  if (kind.keeps_session && !may.includes('read')) return ended === 'closed' && kind.ended.closed ? kind.ended.closed : (kind.ended[name] ?? kind.ended[ended === 'never' ? ended : 'later']);
  return may.includes(kind.needs[name]) ? 'done' : kind.refused[name];
}

/**
 * Sends until it is stopped, numbers from `first` on, `burst` of them each `every` ms, as long as fewer than `at_once` wait
 * for an answer; {sent, stop()}.
 */
export function load(client, { at_once = 4, every = 2, burst = 1, first = 1 } = {}) {
  const state = { sent: first - 1, is_stopped: false };
  const run = async () => {
    while (!state.is_stopped) {
      for (let i = 0; i < burst && !(client.waiting >= at_once); ++i) client.push(`load-${++state.sent}`);
      await pause(every);
    }
  };
  const running = run();
  state.stop = async () => {
    state.is_stopped = true;
    await running;
    await client.fence();
  };
  return state;
}

/** What has become of numbers 1 to `total`, `sent` of them before the change was answered, where `then` were there. */
export function what_came(sent, total, then, now) {
  const has = new Set(now);
  const all_from = (first) => Array.from({ length: total - first + 1 }, (_, i) => first + i).every((each) => has.has(each));
  if (now.length !== has.size) return 'some came twice';
  if (now.length === 0) return 'nothing';
  if (all_from(1)) return 'everything';
  if (Math.max(...now) <= sent && now.length === then.length) return 'nothing behind it';
  if (all_from(sent + 1)) return 'everything behind it';
  return `${then.length}, then ${now.length} up to ${Math.max(...now)} of ${total}, ${sent} before the answer`;
}

export class matrix_row {
  /** Cells: what came, and what had to. */
  got = {};
  wanted = {};
  #refused = [];

  /** `is_first`: of those with these rights before. */
  constructor(bed, kind, before, change, is_first) {
    Object.assign(this, { bed, kind, change, is_first, before: sets[before] });
    this.title = `${before}, ${change}`;
  }
  note(phase, name, got, wanted) {
    const cell = `${this.title} | ${phase} | ${name}`;
    assert.ok(!(cell in this.got), `${cell} twice`);
    this.got[cell] = got;
    this.wanted[cell] = wanted;
  }

  /** One operation: what the client saw, unless what is there says otherwise. */
  async #try(client, name) {
    const mark = fresh_mark();
    const aside = aside_operations[name];
    await aside?.prepare?.(this.bed, this.aside);
    const seen = await client.act(name, mark);
    if (is_reading(this.kind, name)) return { mark, outcome: async () => seen() };
    const find = async () => {
      if (!aside) return this.bed.found(this.document, name, mark);
      return (await aside.is_done(this.bed, this.aside, mark)) ? 'done' : 'nothing';
    };
    const outcome = async () => {
      const found = await find();
      if (found === 'half of it') return found;
      if (seen() === 'done') return found;
      return found === 'nothing' ? seen() : `${seen()}, and it was done`;
    };
    return { mark, outcome };
  }
  /** What is seen in the end: what must be, if it comes in time. */
  async #settle(look, must, seconds) {
    const deadline = last_of(seconds);
    for (;;) {
      const seen = await look();
      if (seen === must || Date.now() >= deadline) return seen;
      await pause(20);
    }
  }
  /**
   * All operations of a client that may do this, and may do that aside. `ended`: how it lost what it may not even read;
   * `patience`: for how many seconds each is tried again.
   */
  async #operate(phase, client, may, may_aside, { ended = 'never', patience = 0 } = {}) {
    for (const name of Object.keys(this.kind.needs)) {
      const must = wanted(this.kind, name, is_aside(name) ? may_aside : may, ended);
      const deadline = last_of(patience);
      let outcome;
      do {
        const tried = await this.#try(client, name);
        outcome = await this.#settle(tried.outcome, must, patience > 0 ? 0.2 : 3);
        if (aside_operations[name]?.restore) await restore_aside(this.bed, this.aside);
        if (outcome !== 'done' && !is_reading(this.kind, name) && !is_aside(name)) this.#refused.push([phase, name, tried.mark]);
      } while (outcome !== must && Date.now() < deadline);
      this.note(phase, name, outcome, must);
    }
  }

  async run(index) {
    const { bed, kind, before } = this;
    const document = (this.document = await bed.new_document());
    const user = `user-${document}`;
    const tokenId = `token-${document}`;
    this.aside = `${document} aside`;
    if (kind.needs.remove) await bed.new_aside(this.aside);
    const docs = [document, this.aside].map((name) => ({ name, rights: before.words }));
    const make = () => {
      const client = new kind({ server: bed.server, document, token: token({ sub: user, jti: tokenId, docs }), at_admin_port: bed.at_admin_port, ...bed.ways }).open();
      this.clients.push(client);
      return client;
    };
    const how = changes[this.change];
    const by = index % 2 === 0 ? { user } : { tokenId };
    this.subject = index % 4 < 2 && !how.body.grant ? by : { ...by, document };
    this.how = how;
    try {
      await this.#phases(make, how.left(before.may), (this.subject.document ? before : { may: how.left(before.may) }).may);
    } finally {
      if (this.flow) this.flow.is_stopped = true;
      for (const client of this.clients) client.destroy();
    }
  }
  clients = [];

  async #phases(make, after, after_aside) {
    const { kind, how, before } = this;
    const live = make();
    const is_in = before.may.includes('read');
    this.note('before', 'join', await live.join(), is_in ? 'done' : kind.ended.join);
    // Who has no session is the same in each row.
    if (kind.keeps_session || this.is_first) await this.#operate('before', live, is_in || !kind.keeps_session ? before.may : [], before.may);
    await this.#look_again('before it');
    await this.#change(live, after);

    // Nobody is here who has no session.
    const stays = how.is_passing && !kind.keeps_session;
    const ended = how.page === 'close' && !this.subject.document ? 'closed' : 'later';
    const [now, now_aside] = stays ? [before.may, before.may] : [after, after_aside];
    if (is_in || !kind.keeps_session) await this.#operate('after', live, now, now_aside, { ended });
    const newcomer = make();
    const may = how.is_passing ? before.may : after;
    const may_join = may.includes('read');
    this.note('who comes then', 'join', await newcomer.join(), may_join ? 'done' : kind.ended.join);
    if (kind.keeps_session) await this.#operate('who comes then', newcomer, may_join ? may : [], may);
    await this.#look_again('after it');
    await this.#lift(live, newcomer);
  }

  async #change(live, after) {
    const { bed, kind, how, before } = this;
    const had = before.may.includes('write');
    const flow = (this.flow = load(live, { at_once: bed.at_once, every: 4 }));
    await until(() => flow.sent >= bed.first_sent, 'the first are sent');
    if (had) await until(async () => (await bed.loaded(this.document)).length > 0, 'the first is there', 10000);
    const answer = await bed.admin('POST', `/api/v1/sessions/${how.page}`, { ...this.subject, ...how.body });
    const { sent } = flow;
    assert.equal(answer.status, 200, answer.body);
    const then = await bed.loaded(this.document);
    await until(() => flow.sent >= sent + bed.first_sent || live.ending, 'more are sent');
    await flow.stop();
    const stays = how.is_passing && !kind.keeps_session;
    const has = stays ? had : after.includes('write') && (before.may.includes('read') || !kind.keeps_session);
    const gaps = kind.sends_gaps ? 'everything' : 'everything behind it';
    const must = had ? (has ? 'everything' : 'nothing behind it') : has ? gaps : 'nothing';
    const came = await this.#settle(async () => what_came(sent, flow.sent, then, await bed.loaded(this.document)), must, 3);
    // Those from before the answer may have been let in as well.
    this.note('meanwhile', 'edits', came, came === 'everything' && must === 'everything behind it' ? came : must);
  }

  /** What was refused is still not there. */
  async #look_again(when) {
    for (const [phase, name, mark] of this.#refused) {
      const found = await this.bed.found(this.document, name, mark);
      if (found !== 'nothing') this.note(`${phase}, looked at ${when}`, name, found, 'nothing');
    }
    // A client that keeps what it has written sends it again once it may.
    if (this.kind.sends_gaps) this.#refused = [];
  }

  async #lift(live, newcomer) {
    const { bed, kind, how, before } = this;
    const query = new URLSearchParams(this.subject);
    const answer = await bed.admin('DELETE', `/api/v1/sessions/changes?${query}`);
    if (process.env.OLD && /no such page/.test(answer.body)) return; // OLD
    assert.equal(answer.status, how.is_passing ? 404 : 200, answer.body);
    if (how.is_passing) return;
    const here = [live, newcomer].find((each) => !each.ending && kind.keeps_session);
    const may_read = before.may.includes('read');
    const client = here ?? newcomer;
    if (!here) this.note('lifted', 'join', await client.come_back(), may_read ? 'done' : kind.ended.join);
    await this.#operate('lifted', client, may_read || !kind.keeps_session ? before.may : [], before.may, { ended: here ? 'later' : 'never', patience: 3 });
  }
}
