// The backend of an application as one would write it in Express or Next, in one page: it knows its users and who shares
// what with whom, mints tokens with jose, publishes its key, tells troupe when somebody loses a right, and hears by webhooks
// what has changed. What a real one has besides is a session behind the cookie, a database, and a key that it keeps.
import http from 'node:http';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

import { is_from_troupe } from './webhook_receiver.mjs';

const kid = 'key-1';

/** Starts it. `admin` and `admin_token`: of the node, read when they are needed. Resolves to {url, heard, close}. */
export async function start_app_backend({ admin, admin_token, webhook_secret }) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const shares = { plan: { ada: 'write', bob: 'read' } }; // document → user → right
  const heard = [];

  const token_for = (user) =>
    new SignJWT({ name: user, docs: Object.entries(shares).flatMap(([name, people]) => (people[user] ? [{ name, rights: people[user] }] : [])) })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
      .setSubject(user)
      .setJti(`${user}-${Date.now()}`)
      .setAudience('troupe')
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey);

  const routes = {
    // access.jwks_url
    'GET /keys': async () => ({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] }),
    // The web page asks for a token before it connects, and again when it has run out.
    'POST /token': async ({ user }) => (user ? { token: await token_for(user) } : { status: 401 }),
    // Who owns a document gives and takes rights: tokens say it from the next one on, sessions that are there at once.
    'POST /share': async ({ user, body }) => {
      const { document, with: other, rights } = JSON.parse(body);
      if (shares[document]?.[user] !== 'write') return { status: 403 };
      shares[document][other] = rights;
      const answer = await fetch(`${admin()}/api/v1/sessions/rights`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${admin_token()}`, 'Content-Type': 'application/json' },
        // as long as a token lives; what is taken away needs no grant
        body: JSON.stringify({ user: other, document, rights: rights ? [rights] : [], grant: rights === 'write', seconds: 600 }),
      });
      return { status: answer.status };
    },
    // webhooks.url
    'POST /troupe': async ({ headers, body }) => {
      if (!is_from_troupe(webhook_secret, headers['troupe-signature'] ?? '', body)) return { status: 400 };
      if (!heard.some(({ delivery }) => delivery === headers['troupe-delivery'])) heard.push(JSON.parse(body)); // each once
      return { status: 204 };
    },
  };

  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const user = /(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '')?.[1]; // stands for a session
    const route = routes[`${request.method} ${request.url}`];
    const { status = 200, ...answer } = route ? await route({ user, headers: request.headers, body: Buffer.concat(parts) }) : { status: 404 };
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(status === 200 ? JSON.stringify(answer) : undefined);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    heard,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
