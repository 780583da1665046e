// Plain HTTP requests whose path goes out exactly as written (URL classes would tidy it up).
import http from 'node:http';

/** Sends a request and resolves to {status, headers, body}. */
export function request(server, path, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false });
    sent.setTimeout(5000, () => sent.destroy(new Error(`no answer to ${method} ${path} in 5 s`)));
    sent.on('error', reject);
    const answered = (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    };
    sent.on('response', answered);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers, body: '' });
    });
    sent.end();
  });
}

/** Asks for a WebSocket on `path` and resolves like request(); status 101 means it was granted. */
export function request_upgrade(server, path) {
  return request(server, path, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  });
}
