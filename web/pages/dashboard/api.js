// Requests to the node that served the page: one at a time, since the admin listener has few connections, with the token
// that the tab remembers.

const token_key = 'troupe.admin.token';
const base = new URL('.', location.href);
/** What is larger is not worth showing as a tree. */
export const contents_bytes_max = 8 * 1024 * 1024;

export const has_token = () => sessionStorage.getItem(token_key) !== null;
export const keep_token = (token) => sessionStorage.setItem(token_key, token);
export const forget_token = () => sessionStorage.removeItem(token_key);

/** What an answer other than 2xx is thrown as. */
export class refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

let last = Promise.resolve();

async function send(path, { method, body, signal }) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(token_key)}` };
  if (method !== 'GET') headers['Content-Type'] = 'application/json';
  const answer = await fetch(new URL(path, base), { method, headers, body: body && JSON.stringify(body), signal, cache: 'no-store', credentials: 'omit' });
  if (Number(answer.headers.get('Content-Length')) > contents_bytes_max) {
    await answer.body?.cancel();
    throw new refusal(413, 'this is too large to be shown here');
  }
  const text = await answer.text();
  let value = text;
  if (answer.headers.get('Content-Type')?.startsWith('application/json')) value = JSON.parse(text);
  if (!answer.ok) throw new refusal(answer.status, value?.error ?? text);
  return value;
}

/** Resolves to the JSON, or the text, of the answer. `path` is relative: 'api/v1/sessions'. */
export function ask(path, { method = 'GET', body = undefined, signal = undefined } = {}) {
  const run = () => {
    signal?.throwIfAborted();
    return send(path, { method, body, signal });
  };
  const asked = last.then(run, run);
  last = asked.catch(() => {});
  return asked;
}

/** `api/v1/documents/NAME` with what follows. */
export const document_path = (name, rest = '') => `api/v1/documents/${encodeURIComponent(name)}${rest}`;
