// One row of the matrix of rights: a client with the rights of its token, before a change, while it is made, after it, and
// when it has been lifted. Each cell is what came of one operation: what the client was told and what is there, together.
import assert from 'node:assert/strict';

import { aside_operations, restore_aside } from './rights_bed.mjs';
import { changes, load, sets, what_came } from './rights_changes.mjs';
import { token } from './tokens.mjs';
import { pause, until } from './wait.mjs';

let marks = 0;
const fresh_mark = () => `mark-${++marks}`;

/** For so long a cell may take to become what it must be, in seconds, and a change that is lifted to be gone. */
const patience = 3;

/** Those on the document beside. */
const is_aside = (name) => name in aside_operations || ['versions', 'version', 'compare'].includes(name);
/** Those that leave no mark: they show something, or are nobody's but an operator's. */
const leaves_none = (kind, name) => (['read', 'operator'].includes(kind.needs[name]) && name !== 'batch') || name === 'sessions';

/** What is seen in the end: what must be, if it comes in time. */
async function settle(look, must, seconds = patience) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen === must || Date.now() >= deadline) return seen;
    await pause(20);
  }
}

/** What must come of an operation for somebody who may do this; `ended`: which end of a session it hears of. */
function wanted(kind, name, may, ended) {
  if (kind.keeps_session && !may.includes('read')) return ended === 'closed' ? kind.ended.closed : (kind.ended[name] ?? kind.ended[ended]);
  return may.includes(kind.needs[name]) ? 'done' : kind.refused[name];
}

export class matrix_row {
  /** Cells: what came, and what had to. */
  got = {};
  wanted = {};
  #clients = [];
  /** Edits that were refused: [phase, operation, mark]. */
  #refused = [];

  /** `is_first`: of those with these rights before. */
  constructor(bed, kind, before, change, is_first) {
    Object.assign(this, { bed, kind, is_first, before: sets[before], how: changes[change] });
    this.title = `${before}, ${change}`;
  }
  #note(phase, name, got, wanted) {
    const cell = `${this.title} | ${phase} | ${name}`;
    assert.ok(!(cell in this.got), `${cell} twice`);
    this.got[cell] = got;
    this.wanted[cell] = wanted;
  }

  /** `index` chooses how the change names whom it is about. */
  async run(index) {
    const { bed, kind, how } = this;
    this.document = await bed.new_document();
    this.aside = `${this.document} aside`;
    if (kind.needs.remove) await bed.new_aside(this.aside);
    this.user = `user-${this.document}`;
    this.tokenId = `token-${this.document}`;
    const by = index % 2 === 0 ? { user: this.user } : { tokenId: this.tokenId };
    this.subject = index % 4 < 2 && !how.body.grant ? by : { ...by, document: this.document };
    try {
      await this.#phases();
    } finally {
      if (this.flow) this.flow.is_stopped = true;
      for (const client of this.#clients) client.destroy();
    }
  }
  #make() {
    const { bed, kind, document } = this;
    const docs = [document, this.aside].map((name) => ({ name, rights: this.before.words }));
    const bearer = token({ sub: this.user, jti: this.tokenId, docs });
    this.#clients.push(new kind({ server: bed.server, document, token: bearer, at_admin_port: bed.at_admin_port, ...bed.ways }).open());
    return this.#clients.at(-1);
  }

  async #phases() {
    const { kind, how } = this;
    const before = this.before.may;
    // A change that is for those who are here is for nobody who has no session.
    const changed = how.is_passing && !kind.keeps_session ? before : how.left(before);
    const aside = this.subject.document ? before : changed;
    // Who was not let in at first stays away, whatever comes.
    const is_in = before.includes('read') || !kind.keeps_session;

    const live = (this.live = this.#make());
    await this.#join('before', live, before);
    // Who has no session is the same in each row.
    if (kind.keeps_session || this.is_first) await this.#operate('before', live, before, before);
    await this.#look_again('before it');
    await this.#change(live, is_in ? changed : []);
    if (this.shown) await this.#look_for_presence(changed);
    if (is_in) await this.#operate('after', live, changed, aside, { ended: how.page === 'close' && !this.subject.document ? 'closed' : 'later' });

    const newcomer = this.#make();
    const comes_with = how.is_passing ? before : changed;
    await this.#join('who comes then', newcomer, comes_with);
    if (kind.keeps_session) await this.#operate('who comes then', newcomer, comes_with, comes_with);
    await this.#look_again('after it');
    await this.#lift([live, newcomer]);
  }

  async #join(phase, client, may, come = () => client.join()) {
    this.#note(phase, 'join', await come(), may.includes('read') ? 'done' : this.kind.ended.join);
  }

  /**
   * All operations of a client that may do this, and may do that aside. `ended`: how it lost what it may not even read;
   * `tries_again`: until the change is gone.
   */
  async #operate(phase, client, may, may_aside, { ended = 'never', tries_again = false } = {}) {
    for (const name of Object.keys(this.kind.needs)) {
      const must = wanted(this.kind, name, is_aside(name) ? may_aside : may, ended);
      const deadline = Date.now() + patience * 1000;
      let outcome;
      do outcome = await this.#try(phase, client, name, must, tries_again ? 0.2 : patience);
      while (outcome !== must && tries_again && Date.now() < deadline);
      this.#note(phase, name, outcome, must);
    }
  }

  /** One operation: what the client saw, unless what is there says otherwise. */
  async #try(phase, client, name, must, seconds) {
    const mark = fresh_mark();
    const aside = aside_operations[name];
    await aside?.prepare?.(this.bed, this.aside);
    const seen = await client.act(name, mark);
    if (leaves_none(this.kind, name)) return settle(seen, must, seconds);
    const find = async () => {
      if (!aside) return this.bed.found(this.document, name, mark);
      return (await aside.is_done(this.bed, this.aside, mark)) ? 'done' : 'nothing';
    };
    const look = async () => {
      const found = await find();
      if (found === 'nothing' && seen() !== 'done') return seen();
      return seen() === 'done' || found !== 'done' ? found : `${seen()}, and it was done`;
    };
    const outcome = await settle(look, must, seconds);
    if (aside?.is_removal) await restore_aside(this.bed, this.aside);
    if (outcome === 'done' && name === 'presence' && client === this.live) this.shown = mark;
    if (outcome !== 'done' && !aside) this.#refused.push([phase, name, mark]);
    return outcome;
  }

  /** What was refused is still not there. */
  async #look_again(when) {
    for (const [phase, name, mark] of this.#refused) {
      const found = await this.bed.found(this.document, name, mark);
      if (found !== 'nothing') this.#note(`${phase}, looked at ${when}`, `${name} ${mark}`, found, 'nothing');
    }
    // A client that keeps what it has written sends it again once it may.
    if (this.kind.fills_gaps) this.#refused = [];
  }
  /** What it showed goes with the right to be seen. */
  async #look_for_presence(may) {
    const must = may.includes('presence') ? 'done' : 'nothing';
    this.#note('after', 'what it showed', await settle(() => this.bed.found(this.document, 'presence', this.shown), must), must);
  }

  /** Makes the change while the client edits, which then may do this. */
  async #change(live, may) {
    const { bed, kind, how } = this;
    const had = this.before.may.includes('write');
    const flow = (this.flow = load(live, { at_once: bed.at_once, every: 4 }));
    await until(() => flow.sent >= bed.first_sent, 'the first are sent');
    if (had) await until(async () => (await bed.loaded(this.document)).length > 0, 'the first is there', 10000);
    const answer = await bed.admin('POST', `/api/v1/sessions/${how.page}`, { ...this.subject, ...how.body });
    const { sent } = flow;
    assert.equal(answer.status, 200, answer.body);
    const then = await bed.loaded(this.document);
    await until(() => flow.sent >= sent + bed.first_sent, 'more are sent');
    await flow.stop();
    const has = may.includes('write');
    const begun = kind.fills_gaps ? 'everything' : 'everything behind it';
    const must = had ? (has ? 'everything' : 'nothing behind it') : has ? begun : 'nothing';
    const came = await settle(async () => what_came(sent, flow.sent, then, await bed.loaded(this.document)), must);
    // Those that were on their way may have been let in as well.
    this.#note('meanwhile', 'edits', came, came === 'everything' && must === 'everything behind it' ? came : must);
  }

  /** Those who are here have their own rights back soon; the others come back. */
  async #lift(clients) {
    const { bed, kind, how } = this;
    const before = this.before.may;
    const answer = await bed.admin('DELETE', `/api/v1/sessions/changes?${new URLSearchParams(this.subject)}`);
    assert.equal(answer.status, how.is_passing ? 404 : 200, answer.body);
    if (how.is_passing) return;
    const here = clients.find((each) => kind.keeps_session && !each.ending);
    const client = here ?? clients.at(-1);
    if (!here) await this.#join('lifted', client, before, () => client.come_back());
    await this.#operate('lifted', client, before, before, { ended: here ? 'later' : 'never', tries_again: true });
  }
}
