// Makes the tokens and keys in data/vectors.json with jose, for the tests of protocol/access.
//
//   npm ci && node make_token_vectors.mjs           new keys, writes data/vectors.json
//   npm ci && node make_token_vectors.mjs --check   writes nothing; fails where jose judges a token of the file otherwise
//
// The keys are made for these tests only. Their private halves are thrown away.
import { createHmac, createPublicKey, sign as raw_sign, constants } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as jose from 'jose';

const here = path.dirname(fileURLToPath(import.meta.url));
const file = path.join(here, 'data', 'vectors.json');

/** The moment at which the tests look at the tokens, and what they ask of them. */
const now = 1_800_000_000;
const audience = 'troupe';
const issuer = 'https://issuer.example';
const skew = 30;

const text64 = (text) => Buffer.from(text).toString('base64url');
const json64 = (value) => text64(JSON.stringify(value));
const good = { iss: issuer, aud: audience, sub: 'ada', jti: 'token-1', iat: now - 60, exp: now + 600 };
const without = (...names) => Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)));

if (process.argv.includes('--check')) {
  await check();
} else {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(await make(), null, 1)}\n`);
}

async function make() {
  const secret = (size) => Buffer.from(Array.from({ length: size }, (_, i) => 97 + ((i * 7) % 26))).toString();
  const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
  const pairs = {};
  for (const algorithm of algorithms)
    pairs[algorithm] = await jose.generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const other = await jose.generateKeyPair('ES256', { extractable: true });
  const strange = {
    RS384: await jose.generateKeyPair('RS384', { extractable: true }),
    ES512: await jose.generateKeyPair('ES512', { extractable: true }),
  };
  const secrets = { HS256: secret(32), HS384: secret(48), HS512: secret(64) };

  const keys = [];
  for (const [algorithm, text] of Object.entries(secrets)) keys.push({ id: `key-${algorithm}`, algorithm, secret: text });
  for (const algorithm of algorithms) {
    const { publicKey } = pairs[algorithm];
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: `key-${algorithm}`, alg: algorithm, use: 'sig' };
    keys.push({ id: `key-${algorithm}`, algorithm, pem: await jose.exportSPKI(publicKey), jwk });
  }

  const tokens = [];
  const add = (name, expected, token, more = {}) => tokens.push({ name, expected, token, ...more });
  const signer = (algorithm) => (secrets[algorithm] ? Buffer.from(secrets[algorithm]) : pairs[algorithm].privateKey);
  const signed = (algorithm, claims = good, header = {}) =>
    new jose.SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: `key-${algorithm}`, ...header }).sign(signer(algorithm));
  const mac = (text, key = secrets.HS256) => createHmac('sha256', key).update(text).digest('base64url');
  /** HS256 over whatever texts, which no library would sign. */
  const by_hand = (header, claims, key) => {
    const text = `${text64(header)}.${text64(claims)}`;
    return `${text}.${mac(text, key)}`;
  };
  const hs = { alg: 'HS256', kid: 'key-HS256' };
  const with_header = (header, claims = good) => by_hand(JSON.stringify({ ...hs, ...header }), JSON.stringify(claims));
  const with_claims = (claims) => with_header({}, claims);

  // --- good ones ---
  for (const algorithm of [...Object.keys(secrets), ...algorithms]) {
    add(`${algorithm}`, 'ok', await signed(algorithm));
    add(`${algorithm}, typ and many claims`, 'ok', await signed(algorithm, { ...good, scope: 'a b', roles: ['x', 'y'], n: { m: [1, 2.5, null, true] } }, { typ: 'JWT' }));
  }
  add('EdDSA by its other name', 'ok', await new jose.SignJWT(good).setProtectedHeader({ alg: 'Ed25519', kid: 'key-EdDSA' }).sign(pairs.EdDSA.privateKey));
  add('without kid, the only key of the algorithm', 'ok', await new jose.SignJWT(good).setProtectedHeader({ alg: 'ES256' }).sign(pairs.ES256.privateKey));
  for (const typ of ['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/jwt', 'application/at+jwt', 'Application/At+Jwt'])
    add(`typ ${typ}`, 'ok', with_header({ typ }));
  add('a header with a thumbprint', 'ok', with_header({ x5t: 'abc', 'x5t#S256': 'def', cty: 'x' }));
  add('aud as a list', 'ok', with_claims({ ...good, aud: ['other', audience] }));
  add('exp with a fraction', 'ok', with_claims({ ...good, exp: now + 0.5 }));
  add('exp as an exponent', 'ok', by_hand(JSON.stringify(hs), JSON.stringify(good).replace(String(now + 600), '1.8000006e9')));
  add('exp in the far future', 'ok', with_claims({ ...good, exp: 1e18 }));
  add('expired within the skew', 'ok', with_claims({ ...good, exp: now - skew + 1 }));
  add('begins within the skew', 'ok', with_claims({ ...good, nbf: now + skew }));
  add('without sub and jti', 'ok', with_claims(without('sub', 'jti')), { user: '' });
  add('sub as a whole number', 'ok', with_claims({ ...good, sub: 42 }), { user: '42' });
  add('sub that is not ASCII', 'ok', with_claims({ ...good, sub: 'Åda 😀' }), { user: 'Åda 😀' });
  add('claims with escapes', 'ok', by_hand(JSON.stringify(hs), JSON.stringify(good).replace('"ada"', '"\\u0061d\\u00e4\\ud83d\\ude00"')), { user: 'adä😀' });
  add('claims with white space', 'ok', by_hand(JSON.stringify(hs, null, 2), JSON.stringify(good, null, 2)));
  add('as long as a token may be', 'ok', grown(8192));

  // --- structure ---
  const token = await signed('HS256');
  const [h, c, s] = token.split('.');
  add('empty', 'malformed', '');
  add('two dots', 'malformed', '..');
  add('one part', 'malformed', h);
  add('two parts', 'malformed', `${h}.${c}`);
  add('four parts', 'malformed', `${token}.${s}`);
  add('five parts, as encrypted tokens have', 'malformed', `${token}.${s}.${s}`);
  add('a dot behind it', 'malformed', `${token}.`);
  add('a blank before it', 'malformed', ` ${token}`);
  add('a line end behind it', 'malformed', `${token}\n`);
  add('a NUL behind it', 'malformed', `${token}\0`);
  add('padding behind the signature', 'malformed', `${token}=`);
  add('padding behind the header', 'malformed', `${h}${'='.repeat((4 - (h.length % 4)) % 4 || 1)}.${c}.${s}`);
  add('the other alphabet', 'malformed', `${h}.${c}.${s.slice(0, -2)}+/`);
  add('a signature with bits behind its end', 'malformed', `${h}.${c}.${with_stray_bit(s)}`);
  add('a signature of an impossible size', 'malformed', `${h}.${c}.${s}AA`);
  add('no header', 'malformed', `.${c}.${s}`);
  add('no claims', 'bad_signature', `${h}..${s}`);
  add('no claims, signed', 'malformed', by_hand(JSON.stringify(hs), ''));
  add('no signature', 'bad_signature', `${h}.${c}.`);
  add('longer than a token may be', 'too_long', grown(8193));
  add('a header that is no JSON', 'malformed', by_hand('{"alg":"HS256"', JSON.stringify(good)));
  add('a header that is a list', 'malformed', by_hand('["HS256"]', JSON.stringify(good)));
  add('a header that is a text', 'malformed', by_hand('"HS256"', JSON.stringify(good)));
  add('a header with text behind it', 'malformed', by_hand(`${JSON.stringify(hs)}x`, JSON.stringify(good)));
  add('a header with a byte order mark', 'malformed', by_hand(`\ufeff${JSON.stringify(hs)}`, JSON.stringify(good)));
  add('a header that is no UTF-8', 'malformed', `${Buffer.concat([Buffer.from('{"alg":"HS256","x":"'), Buffer.from([0xff]), Buffer.from('"}')]).toString('base64url')}.${c}.${s}`);
  add('a header with half of a surrogate pair', 'malformed', by_hand('{"alg":"HS256","x":"\\ud800"}', JSON.stringify(good)));
  add('a header nested too deep', 'malformed', by_hand(`{"alg":"HS256","x":${'['.repeat(20)}${']'.repeat(20)}}`, JSON.stringify(good)));
  add('a header with too many members', 'malformed', by_hand(JSON.stringify({ ...hs, ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x${i}`, i])) }), JSON.stringify(good)));
  add('claims that are no JSON', 'malformed', by_hand(JSON.stringify(hs), '{"exp":1'));
  add('claims that are a list', 'malformed', by_hand(JSON.stringify(hs), `[${JSON.stringify(good)}]`));
  add('claims that are a nested token', 'malformed', by_hand(JSON.stringify({ ...hs, cty: 'JWT' }), token));
  add('claims with text behind them', 'malformed', by_hand(JSON.stringify(hs), `${JSON.stringify(good)}{}`));
  add('claims with a number beyond double', 'malformed', by_hand(JSON.stringify(hs), JSON.stringify(good).replace(String(now + 600), '1e999')));
  add('a member of the header twice', 'duplicate_member', by_hand('{"alg":"HS256","kid":"key-HS256","alg":"HS256"}', JSON.stringify(good)));
  add('a member of the header twice, once with an escape', 'duplicate_member', by_hand('{"alg":"HS256","\\u0061lg":"none"}', JSON.stringify(good)));
  add('a claim twice', 'duplicate_member', by_hand(JSON.stringify(hs), `{"exp":1,${JSON.stringify(good).slice(1)}`));
  add('a claim twice, once with an escape', 'duplicate_member', by_hand(JSON.stringify(hs), `{"s\\u0075b":"eve",${JSON.stringify(good).slice(1)}`));
  add('a claim twice in a claim', 'duplicate_member', by_hand(JSON.stringify(hs), `{"x":{"a":1,"a":2},${JSON.stringify(good).slice(1)}`));

  // --- algorithm and key ---
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
    add(`alg ${alg}, not signed`, 'unsigned_token', `${json64({ alg })}.${c}.`);
    add(`alg ${alg}, with a signature`, 'unsigned_token', with_header({ alg }));
  }
  add('no alg', 'malformed', by_hand('{"kid":"key-HS256"}', JSON.stringify(good)));
  add('alg that is no text', 'malformed', with_header({ alg: ['HS256'] }));
  for (const alg of ['', 'hs256', 'HS1', 'HS2560', ' HS256', 'RS1', 'ES256K', 'A128KW', 'dir'])
    add(`alg "${alg}"`, 'unknown_algorithm', with_header({ alg }));
  for (const [algorithm, pair] of Object.entries(strange))
    add(`well signed with ${algorithm}`, 'unknown_algorithm', await new jose.SignJWT(good).setProtectedHeader({ alg: algorithm, kid: `key-${algorithm}` }).sign(pair.privateKey));
  const rsa_pem = await jose.exportSPKI(pairs.RS256.publicKey);
  add('the public key as the secret of HS256', 'wrong_algorithm', by_hand(JSON.stringify({ alg: 'HS256', kid: 'key-RS256' }), JSON.stringify(good), rsa_pem));
  add('the public key without its line ends as the secret', 'wrong_algorithm', by_hand(JSON.stringify({ alg: 'HS256', kid: 'key-RS256' }), JSON.stringify(good), rsa_pem.replace(/\n/g, '')));
  add('the public key as the secret, without kid', 'bad_signature', by_hand('{"alg":"HS256"}', JSON.stringify(good), rsa_pem));
  add('signed as HS512, key of HS256', 'wrong_algorithm', await new jose.SignJWT(good).setProtectedHeader({ alg: 'HS512', kid: 'key-HS256' }).sign(Buffer.from(secrets.HS512)));
  add('the RSA key of RS256, used as PS256', 'wrong_algorithm', await new jose.SignJWT(good).setProtectedHeader({ alg: 'PS256', kid: 'key-RS256' }).sign(await as_algorithm(pairs.RS256.privateKey, 'PS256')));
  add('the RSA key of PS256, signed as RS256 under the name PS256', 'bad_signature', await rs256_named_ps256(pairs.PS256.privateKey));
  add('PS256 with a salt of no bytes', 'bad_signature', await ps256_with_salt(pairs.PS256.privateKey, 0));
  add('PS256 with the longest salt', 'bad_signature', await ps256_with_salt(pairs.PS256.privateKey, constants.RSA_PSS_SALTLEN_MAX_SIGN));
  add('a kid that is not known', 'unknown_key', await signed('ES256', good, { kid: 'key-other' }));
  add('an empty kid', 'unknown_key', with_header({ kid: '' }));
  add('a kid that is no text', 'malformed', with_header({ kid: 1 }));
  add('a kid in another letter case', 'unknown_key', with_header({ kid: 'KEY-HS256' }));
  add('the kid of a key of another algorithm', 'wrong_algorithm', await signed('ES256', good, { kid: 'key-RS256' }));
  add('signed by another key of the algorithm', 'bad_signature', await new jose.SignJWT(good).setProtectedHeader({ alg: 'ES256', kid: 'key-ES256' }).sign(other.privateKey));

  // --- header ---
  add('crit', 'critical_header', with_header({ crit: ['exp'], exp: 1 }));
  add('an empty crit', 'critical_header', with_header({ crit: [] }));
  add('b64', 'critical_header', with_header({ b64: false }));
  add('jku', 'key_in_header', with_header({ jku: 'https://evil.example/keys' }));
  add('x5u', 'key_in_header', with_header({ x5u: 'https://evil.example/cert' }));
  add('x5c', 'key_in_header', with_header({ x5c: ['MIIB'] }));
  const own = await jose.exportJWK(other.publicKey);
  add('jwk, signed with it', 'key_in_header', await new jose.SignJWT(good).setProtectedHeader({ alg: 'ES256', jwk: own }).sign(other.privateKey));
  for (const typ of ['', 'JOSE', 'dpop+jwt', 'JWE', 'id_token', 'jwt ', 'application/', 'text/jwt'])
    add(`typ "${typ}"`, 'wrong_type', with_header({ typ }));
  add('typ that is no text', 'wrong_type', with_header({ typ: null }));

  // --- signature ---
  const es = (await signed('ES256')).split('.');
  const es_bytes = Buffer.from(es[2], 'base64url');
  const es_with = (bytes) => `${es[0]}.${es[1]}.${Buffer.from(bytes).toString('base64url')}`;
  add('HS256 with half of its signature', 'bad_signature', `${h}.${c}.${Buffer.from(s, 'base64url').subarray(0, 16).toString('base64url')}`);
  add('HS256 with a byte more', 'bad_signature', `${h}.${c}.${Buffer.concat([Buffer.from(s, 'base64url'), Buffer.from([0])]).toString('base64url')}`);
  add('HS256 with the secret of another', 'bad_signature', by_hand(JSON.stringify(hs), JSON.stringify(good), 'x'.repeat(32)));
  add('claims of another token', 'bad_signature', `${h}.${json64({ ...good, sub: 'eve' })}.${s}`);
  add('ES256 of zeros', 'bad_signature', es_with(Buffer.alloc(64)));
  add('ES256 of ones', 'bad_signature', es_with(Buffer.alloc(64, 255)));
  add('ES256 with its halves swapped', 'bad_signature', es_with([...es_bytes.subarray(32), ...es_bytes.subarray(0, 32)]));
  add('ES256 cut short', 'bad_signature', es_with(es_bytes.subarray(0, 63)));
  add('ES256 in DER', 'bad_signature', es_der(pairs.ES256.privateKey));
  add('ES256 empty', 'bad_signature', `${es[0]}.${es[1]}.`);
  add('EdDSA of zeros', 'bad_signature', `${(await signed('EdDSA')).split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`);
  add('RS256 of zeros', 'bad_signature', `${(await signed('RS256')).split('.').slice(0, 2).join('.')}.${Buffer.alloc(256).toString('base64url')}`);

  // --- claims ---
  add('no exp', 'no_expiry', with_claims(without('exp')));
  for (const [name, exp] of Object.entries({ text: `${now + 600}`, null: null, true: true, list: [now + 600] }))
    add(`exp that is ${name}`, 'malformed_claim', with_claims({ ...good, exp }));
  add('expired', 'expired', with_claims({ ...good, exp: now - 3600 }));
  add('expired by the skew', 'expired', with_claims({ ...good, exp: now - skew }));
  add('exp 0', 'expired', with_claims({ ...good, exp: 0 }));
  add('exp below 0', 'expired', with_claims({ ...good, exp: -1e18 }));
  add('nbf ahead', 'not_yet_valid', with_claims({ ...good, nbf: now + skew + 1 }));
  add('nbf that is text', 'malformed_claim', with_claims({ ...good, nbf: '0' }));
  add('iat ahead', 'not_yet_valid', with_claims({ ...good, iat: now + skew + 1 }));
  add('iat that is text', 'malformed_claim', with_claims({ ...good, iat: 'now' }));
  add('no aud', 'wrong_audience', with_claims(without('aud')));
  add('aud of somebody else', 'wrong_audience', with_claims({ ...good, aud: 'other' }));
  add('aud of others', 'wrong_audience', with_claims({ ...good, aud: ['other', 'TROUPE'] }));
  add('aud that is empty', 'wrong_audience', with_claims({ ...good, aud: [] }));
  add('aud that begins like ours', 'wrong_audience', with_claims({ ...good, aud: 'troupe.evil' }));
  add('aud that is a number', 'malformed_claim', with_claims({ ...good, aud: 1 }));
  add('aud with a number in it', 'malformed_claim', with_claims({ ...good, aud: [audience, 1] }));
  add('aud that is an object', 'malformed_claim', with_claims({ ...good, aud: { troupe: true } }));
  add('no iss', 'wrong_issuer', with_claims(without('iss')));
  add('iss of somebody else', 'wrong_issuer', with_claims({ ...good, iss: `${issuer}/` }));
  add('iss that is a list', 'malformed_claim', with_claims({ ...good, iss: [issuer] }));
  add('sub that is empty', 'malformed_claim', with_claims({ ...good, sub: '' }));
  add('sub with a line end', 'malformed_claim', with_claims({ ...good, sub: 'ada\nadmin' }));
  add('sub with a NUL', 'malformed_claim', with_claims({ ...good, sub: 'ada\0' }));
  add('sub that is too long', 'malformed_claim', with_claims({ ...good, sub: 'x'.repeat(513) }));
  add('sub that is a list', 'malformed_claim', with_claims({ ...good, sub: ['ada'] }));
  add('sub that is a fraction', 'malformed_claim', with_claims({ ...good, sub: 1.5 }));
  add('sub that is true', 'malformed_claim', with_claims({ ...good, sub: true }));
  add('jti that is an object', 'malformed_claim', with_claims({ ...good, jti: {} }));

  return { jose: JSON.parse(readFileSync(path.join(here, 'package.json'))).dependencies.jose, now, audience, issuer, skew, keys, tokens };

  /** A token of exactly so many bytes. */
  function grown(size) {
    for (let filler = 0; ; ++filler) {
      const made = with_claims({ ...good, filler: 'f'.repeat(filler) });
      if (made.length === size) return made;
      if (made.length > size) return with_header({ x: 'x' }, { ...good, filler: 'f'.repeat(filler - 16) }).length < size ? pad(size, filler) : made;
      if (made.length < size - 200) filler += 100;
    }
  }
  function pad(size, filler) {
    for (let more = 0; more < 12; ++more)
      for (let less = 0; less < 40; ++less) {
        const made = with_header({ x: 'x'.repeat(more) }, { ...good, filler: 'f'.repeat(filler - less) });
        if (made.length === size) return made;
      }
    throw new Error(`no token of ${size} bytes`);
  }
  function with_stray_bit(part) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1)) ^ 1];
  }
  async function as_algorithm(key, algorithm) {
    return jose.importPKCS8(await jose.exportPKCS8(key), algorithm);
  }
  async function node_sign(key, header, options) {
    const text = `${json64(header)}.${json64(good)}`;
    return `${text}.${raw_sign('sha256', Buffer.from(text), { key: await jose.exportPKCS8(key), ...options }).toString('base64url')}`;
  }
  async function rs256_named_ps256(key) {
    return node_sign(key, { alg: 'PS256', kid: 'key-PS256' }, { padding: constants.RSA_PKCS1_PADDING });
  }
  async function ps256_with_salt(key, saltLength) {
    return node_sign(key, { alg: 'PS256', kid: 'key-PS256' }, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  }
  function es_der(key) {
    const text = `${json64({ alg: 'ES256', kid: 'key-ES256' })}.${json64(good)}`;
    return `${text}.${raw_sign('sha256', Buffer.from(text), { key, dsaEncoding: 'der' }).toString('base64url')}`;
  }
}

/** Whether jose takes the good tokens of the file, and no other, as far as it looks at the same things. */
async function check() {
  const vectors = JSON.parse(readFileSync(file));
  const key_of = (header) => {
    const key = vectors.keys.find((each) => (header.kid === undefined ? each.algorithm === header.alg : each.id === header.kid));
    if (!key) throw new Error('unknown key');
    // As in the server, a key is for its own algorithm.
    if (key.algorithm !== header.alg && !(key.algorithm === 'EdDSA' && header.alg === 'Ed25519')) throw new Error('wrong algorithm');
    return key.secret ? Buffer.from(key.secret) : createPublicKey(key.pem);
  };
  // What jose leaves to its caller, or does otherwise.
  const ours = new Set(['too_long', 'duplicate_member', 'malformed', 'malformed_claim', 'wrong_type', 'key_in_header', 'critical_header', 'not_yet_valid']);
  let differs = 0;
  for (const { name, expected, token } of vectors.tokens) {
    let heard = 'ok';
    try {
      await jose.jwtVerify(token, key_of, {
        issuer: vectors.issuer, audience: vectors.audience, clockTolerance: vectors.skew, requiredClaims: ['exp'],
        currentDate: new Date(vectors.now * 1000),
      });
    } catch (error) {
      heard = error.code ?? error.message;
    }
    const is_same = expected === 'ok' ? heard === 'ok' : heard !== 'ok' || ours.has(expected);
    if (is_same) continue;
    ++differs;
    console.error(`differs: ${name}: expected ${expected}, jose says ${heard}`);
  }
  console.log(`${vectors.tokens.length} tokens, ${vectors.tokens.filter((each) => each.expected === 'ok').length} of them good`);
  process.exitCode = differs > 0 ? 1 : 0;
}
