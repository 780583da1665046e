// The application's end of webhooks: an HTTP server that checks the signature of each request with the example of the
// documentation, remembers it, and answers as the test says.
import { readFileSync } from 'node:fs';
import http from 'node:http';

/** The example of docs/backend-api.md, as a module. */
const page = readFileSync(new URL('../../../docs/backend-api.md', import.meta.url), 'utf8');
const example = /```js\n(import \{ createHmac[\s\S]*?)```/.exec(page)[1];
export const { is_from_troupe } = await import(`data:text/javascript,${encodeURIComponent(example)}`);
/** The same in Python. */
export const python_example = /```python\n([\s\S]*?)```/.exec(page)[1];

export const webhook_secret = 'the secret of the webhooks';

class webhook_receiver {
  /** {event, delivery, headers, body, json} of each request that was signed, in order; those that were confirmed. */
  requests = [];
  confirmed = [];
  /** How many requests had a wrong signature. */
  forged = 0;
  /** Decides about a request: a status. */
  answer = () => 204;
  #server;
  #port = 0;

  constructor() {
    this.#server = http.createServer((request, response) => this.#on_request(request, response));
  }

  async listen(port = 0) {
    await new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.#port = this.#server.address().port;
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  /** Closes the port; listen_again() opens the same one. */
  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
  listen_again() {
    return this.listen(this.#port);
  }

  /** Confirmed requests of a document, or of an event, or all. */
  of({ document = undefined, event = undefined } = {}) {
    return this.confirmed.filter((each) => (!document || each.json.document === document) && (!event || each.event === event));
  }

  async #on_request(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (!is_from_troupe(webhook_secret, request.headers['troupe-signature'] ?? '', body)) {
      this.forged += 1;
      return response.writeHead(400).end();
    }
    const seen = {
      event: request.headers['troupe-event'],
      delivery: request.headers['troupe-delivery'],
      headers: request.headers,
      body,
      json: JSON.parse(body.toString('utf8')),
    };
    this.requests.push(seen);
    const status = await this.answer(seen);
    if (status >= 200 && status < 300) this.confirmed.push(seen);
    response.writeHead(status).end();
  }
}

/** A receiver that listens and is closed behind the test. */
export async function receive_webhooks(context) {
  const receiver = await new webhook_receiver().listen();
  context.after(() => receiver.close().catch(() => {}));
  return receiver;
}

/** The settings of a server that tells this receiver, quickly. */
export function webhook_settings(receiver, more = {}) {
  return {
    'webhooks.url': receiver.url,
    'webhooks.secret': webhook_secret,
    'webhooks.allow_private_addresses': true,
    'webhooks.debounce': '50ms',
    'webhooks.max_delay': '200ms',
    ...more,
  };
}
