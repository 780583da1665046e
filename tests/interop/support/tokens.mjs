// Tokens as a backend without any library would make them, and servers that take them.
import { createHmac, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { temporary_folder } from './folder.mjs';
import { start_server } from './server.mjs';

export const secret = 'a secret of at least thirty-two bytes';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A signed token with these claims. */
export function token(claims, { seconds = 600, key = secret } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iat: now, exp: now + seconds, jti: randomUUID(), ...claims })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** A claim that allows one document. */
export const docs = (rights, name = 'plan') => ({ docs: [{ name, rights }] });

/** A server in access.mode token; `access`: further lines of its section. */
export async function serve_with_tokens(context, settings = {}, access = '') {
  const file = path.join(temporary_folder(), 'node.yaml');
  writeFileSync(file, `access:\n  mode: token\n  keys:\n    - algorithm: HS256\n      secret: "${secret}"\n${access}`);
  const server = await start_server({ 'document.idle_grace': '0s', ...settings }, { file });
  context.after(() => server.stop());
  return server;
}
