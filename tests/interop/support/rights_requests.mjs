// Users who ask over HTTP, and programs that join by CAF, behind the interface of support/rights_clients.mjs: they have no
// session that lasts, so that each operation shows the token anew.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { request } from './http.mjs';
import { mark_edits, mark_update, seed } from './rights_clients.mjs';
import { binary_path } from './server.mjs';
import { until, within } from './wait.mjs';

const as_json = { 'Content-Type': 'application/json' };
const as_bytes = { 'Content-Type': 'application/octet-stream' };

class http_kind {
  static ended = { join: '403', later: '403' };
  static keeps_session = false;
  waiting = 0;

  constructor(place) {
    Object.assign(this, place);
  }
  open() {
    return this;
  }
  ask(method, target, body = undefined, headers = as_json, port = this.server.port) {
    const text = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
    const all = { ...(body === undefined ? {} : headers), Authorization: `Bearer ${this.token}` };
    const send = (agent = false) => request(this.server, target, { method, headers: all, body: text, port, agent, ms: 20000 });
    return port === this.server.admin_port ? this.at_admin_port(send) : send();
  }
  async status(...asked) {
    const { status } = await this.ask(...asked);
    return status >= 200 && status < 300 ? 'done' : `${status}`;
  }
  join() {
    return this.read();
  }
  come_back() {
    return this.read();
  }
  async act(name, mark) {
    const answer = await this[name](mark);
    return () => answer;
  }
  /** As many at once as come; those that were not answered yet are waited for by fence(). */
  async push(value) {
    ++this.waiting;
    await this.write(value).catch(() => {});
    --this.waiting;
  }
  async fence() {
    await until(() => this.waiting === 0, 'all requests are answered');
  }
  destroy() {}
}

/** The pages for backends, on the admin port and on the public one in turn. */
export class rest extends http_kind {
  static title = 'REST';
  static needs = {
    presence_of_others: 'read', versions: 'read', version: 'read', compare: 'read', export: 'read',
    operations: 'write', text: 'write', edit: 'write', import: 'write',
    event: 'presence',
    sessions: 'admin', make_version: 'admin', restore: 'admin', remove_version: 'admin', remove: 'admin', admit: 'admin',
    raw: 'operator', copy: 'operator', batch: 'operator', list: 'operator', change_rights: 'operator', lift: 'operator',
  };
  static refused = Object.fromEntries(Object.keys(rest.needs).map((name) => [name, '403']));

  #requests = 0;

  ask(method, target, body, headers) {
    const is_public = ++this.#requests % 2 === 0;
    return super.ask(method, `${is_public ? '/backend' : ''}/api/v1${target}`, body, headers, is_public ? undefined : this.server.admin_port);
  }
  at(rest = '', document = this.document) {
    return `/documents/${encodeURIComponent(document)}${rest}`;
  }
  /** What is removed and restored is a document beside. */
  get aside() {
    return `${this.document} aside`;
  }
  write(value) {
    return this.ask('PATCH', this.at(), { edits: [{ op: 'push', path: '/load', values: [value] }] });
  }
  async read() {
    const answer = await this.ask('GET', this.at('?as=json'));
    if (answer.status !== 200) return `${answer.status}`;
    return JSON.parse(answer.body).text === seed ? 'done' : 'something else';
  }
  presence_of_others = () => this.status('GET', this.at('/presence'));
  versions = () => this.status('GET', this.at('/versions', this.aside));
  version = () => this.status('GET', this.at('/versions/1', this.aside));
  compare = () => this.status('GET', this.at('/versions/1/compare', this.aside));
  export = () => this.status('GET', this.at('/export?as=json'));
  operations = (mark) => this.status('PATCH', this.at(), { edits: mark_edits(mark) });
  text = (mark) => this.status('PUT', this.at(`/text/${encodeURIComponent(mark)}`), { text: mark });
  edit = (mark) => this.status('POST', this.at('/updates'), mark_update(mark), as_bytes);
  import = (mark) => this.status('POST', this.at('/import'), mark_update(mark), as_bytes);
  event = (mark) => this.status('POST', this.at('/events'), { mark });
  sessions = () => this.status('GET', this.at('/sessions'));
  raw = () => this.status('GET', this.at('/export?as=raw'));
  copy = () => this.status('POST', this.at('/copy'), { to: `${this.document} copied` });
  batch = (mark) => this.status('POST', `/batch`, { documents: [{ name: this.document, edits: mark_edits(mark) }] });
  list = () => this.status('GET', `/documents`);
  change_rights = () => this.status('POST', `/sessions/rights`, { user: 'nobody', rights: ['read'], seconds: 1 });
  lift = () => this.status('DELETE', `/sessions/changes?user=nobody`);
  make_version = (mark) => this.status('POST', this.at('/versions', this.aside), { label: mark });
  restore = () => this.status('POST', this.at('/versions/1/restore', this.aside), {});
  admit = () => this.status('POST', this.at('/admit', this.aside), {});
  remove = () => this.status('DELETE', this.at('', this.aside));
  /** Of one that the operator has made. */
  remove_version = async (mark) => this.status('DELETE', this.at(`/versions/${await this.make_one(this.aside, mark)}`, this.aside));
}

/** The pages of documents that y-sweet's SDK asks for, with a user's token. */
export class y_sweet_http extends http_kind {
  static title = "y-sweet's HTTP API";
  static needs = { edit: 'write', client_token: 'operator' };
  static refused = { edit: '403', client_token: '403' };

  at(rest) {
    return `/y-sweet/d/${encodeURIComponent(this.document)}/${rest}`;
  }
  read = () => this.status('GET', this.at('as-update'));
  edit = (mark) => this.status('POST', this.at('update'), mark_update(mark), as_bytes);
  client_token = () => this.status('POST', `/y-sweet/doc/${encodeURIComponent(this.document)}/auth`, {});
  write(value) {
    return this.ask('POST', this.at('update'), mark_update(value), as_bytes);
  }
}

export const program = process.env.TROUPE_BACKEND || path.join(path.dirname(binary_path()), 'examples/backend/troupe_backend');
export const has_program = existsSync(program);

/** examples/backend, started for each operation: it reads first, and then appends. */
export class caf_program extends http_kind {
  static title = 'a program that joins by CAF';
  static needs = { edit: 'write' };
  static refused = { edit: 'forbidden' };
  static ended = { join: 'forbidden', later: 'forbidden' };

  async run(...args) {
    const port = await this.gateway_port();
    const all = ['--port', port, '--document', this.document, '--seconds', '20', ...args];
    const child = spawn(program, all, { env: { ...process.env, TROUPE_TOKEN: this.token }, stdio: ['ignore', 'pipe', 'pipe'] });
    const heard = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (heard.out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (heard.err += text));
    const code = await within(new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)), 'an end of the program', 30_000);
    if (code !== 0) return /forbidden/.test(heard.err) ? 'forbidden' : heard.err;
    return heard.out.includes(seed) ? 'done' : 'something else';
  }
  read = () => this.run();
  edit = (mark) => this.run('--root', mark, '--append', mark);
  write = (value) => this.run('--root', 'loaded', '--append', `${value} `);
}
