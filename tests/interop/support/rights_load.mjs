// Sessions of one user that edit as fast as they can, and more that come all the time, while an operator takes their right
// away: what is there when the call returns is all that there ever will be. Another user in the document goes on.
import assert from 'node:assert/strict';

import { changes, load } from './rights_changes.mjs';
import { token } from './tokens.mjs';
import { pause, until } from './wait.mjs';

/** The numbers of a session begin here. */
const block = 1_000_000;
/** For how long they go on behind the answer. */
const rest_ms = 200;

export class revocation {
  summary = '';
  #clients = [];
  #flows = [];
  #is_over = false;

  /** `subject_of` chooses among {user, tokenId, document}. */
  constructor(bed, kind, change, subject_of) {
    Object.assign(this, { bed, kind, change, subject_of });
  }

  async run() {
    const { bed } = this;
    this.document = await bed.new_document();
    this.user = `user of ${this.document}`;
    this.tokenId = `token of ${this.document}`;
    try {
      const other = await this.#begin({ sub: 'another' });
      for (let i = 0; i < bed.sessions; ++i) await this.#begin({ sub: this.user, jti: this.tokenId });
      const coming = this.#let_others_come();
      await until(async () => (await this.#loaded()).revoked.length >= bed.first_sent, 'the first are there', 20000);
      await this.#take_away();
      this.#is_over = true;
      await coming;
      await this.#goes_on(other);
    } finally {
      this.#is_over = true;
      for (const flow of this.#flows) flow.is_stopped = true;
      for (const client of this.#clients) client.destroy();
    }
  }

  #make(who) {
    const { bed, kind, document } = this;
    const client = new kind({ server: bed.server, document, token: token({ ...who, docs: [{ name: document, rights: 'write' }] }), at_admin_port: bed.at_admin_port, ...bed.ways });
    this.#clients.push(client.open());
    return client;
  }
  #let_flow(client) {
    const flow = load(client, { every: 1, burst: 5, at_once: this.bed.at_once, first: this.#flows.length * block + 1 });
    this.#flows.push(flow);
    return flow;
  }
  async #begin(who) {
    const client = this.#make(who);
    assert.equal(await client.join(), 'done');
    return this.#let_flow(client);
  }
  /** They write before they are let in. */
  async #let_others_come() {
    for (let i = 0; i < this.bed.newcomers && !this.#is_over; ++i) {
      this.#let_flow(this.#make({ sub: this.user, jti: this.tokenId }));
      await pause(20);
    }
  }

  /** The numbers that are there, of those whom the change concerns and of the other one. */
  async #loaded() {
    const all = (await this.bed.loaded(this.document)).sort((a, b) => a - b);
    return { revoked: all.filter((each) => each > block), other: all.filter((each) => each <= block) };
  }

  async #take_away() {
    const { bed } = this;
    const answer = await bed.admin('POST', `/api/v1/sessions/${changes[this.change].page}`, { ...changes[this.change].body, ...this.subject_of(this) });
    const sent = this.#flows.map((flow) => flow.sent);
    assert.equal(answer.status, 200, answer.body);
    const then = (await this.#loaded()).revoked;
    await pause(rest_ms);
    const later = (await this.#loaded()).revoked;
    const had = new Set(then);
    const more = later.filter((each) => !had.has(each));
    const late = more.filter((each) => each > (sent[Math.floor((each - 1) / block)] ?? 0));
    assert.deepEqual(more, [], `${this.change}: behind the answer ${more.length} more of ${then.length} were applied, ${late.length} of them sent behind it`);
    this.summary = `${this.change}: ${answer.json.sessions} sessions, ${then.length} edits`;
  }

  /** Whom the change does not concern loses nothing. */
  async #goes_on(flow) {
    const { sent } = flow;
    await flow.stop();
    const { other } = await this.#loaded();
    const has = new Set(other);
    const missing = Array.from({ length: sent }, (_, i) => i + 1).filter((each) => !has.has(each));
    assert.deepEqual(missing, [], `${this.change}: the other user lost ${missing.length} of ${sent}`);
    assert.equal(has.size, other.length, 'none came twice');
  }
}
