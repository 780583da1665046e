// Plain HTTP requests whose path goes out exactly as written (URL classes would tidy it up).
import http from 'node:http';
import https from 'node:https';

/**
 * Sends a request and resolves to {status, headers, body, bytes}: the body as text and as it is. `ca`, a certificate, means
 * https; the `body` to send is text or bytes.
 * `port` is another one than that of the documents; `agent`: whose connections it takes, by default a new one.
 */
export function request(server, path, { method = 'GET', headers = {}, body = undefined, port = server.port, ca = undefined, agent = false, ms = 5000 } = {}) {
  return new Promise((resolve, reject) => {
    const how = { host: '127.0.0.1', port, path, method, headers, agent, ca };
    const sent = (ca ? https : http).request(how);
    sent.setTimeout(ms, () => sent.destroy(new Error(`no answer to ${method} ${path} in ${ms} ms`)));
    sent.on('error', reject);
    const answered = (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({ status: response.statusCode, headers: response.headers, body: bytes.toString('utf8'), bytes });
      });
    };
    sent.on('response', answered);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers, body: '' });
    });
    sent.end(body);
  });
}

/**
 * Asks the admin pages; resolves like request(), with the parsed body as `json` if it is JSON. `token` is another one than
 * the server's; null: none.
 */
export async function ask_admin(server, path, { token = server.admin_token, ...options } = {}) {
  const headers = token === null ? { ...options.headers } : { Authorization: `Bearer ${token}`, ...options.headers };
  const answer = await request(server, path, { ...options, headers, port: server.admin_port });
  if (answer.headers['content-type'] === 'application/json' && answer.body !== '') answer.json = JSON.parse(answer.body);
  return answer;
}

/** Asks for a WebSocket on `path` and resolves like request(); status 101 means it was granted. */
export function request_upgrade(server, path, headers = {}) {
  return request(server, path, {
    headers: {
      ...headers,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  });
}
