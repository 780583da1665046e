// Rights × dialect × operation, every cell: before a change of rights, while it is made, after it, and when it is lifted.
// What a client is told and what has come of it must both be what docs/security.md says. And under load: once a change has
// been answered, nothing more of those whom it concerns is applied.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { temporary_folder } from './support/folder.mjs';
import { base64 } from './support/json_client.mjs';
import { rights_bed } from './support/rights_bed.mjs';
import { changes, sets } from './support/rights_changes.mjs';
import { hocuspocus, json, json_further, update_of, y_sweet, y_websocket } from './support/rights_clients.mjs';
import { revocation } from './support/rights_load.mjs';
import { matrix_row } from './support/rights_matrix.mjs';
import { caf_program, has_program, program, rest, y_sweet_http } from './support/rights_requests.mjs';
import { serve_with_tokens, token } from './support/tokens.mjs';
import { pause, until } from './support/wait.mjs';

const ways_in = { 'server.api_prefix': '/backend', 'gateway.enabled': 'true', 'gateway.port': 0, 'dialects.y_sweet_token': 'the-server-token-of-y-sweet' };
const unlimited = { 'limits.messages_per_second': 0, 'limits.api_requests_per_second': 0, 'limits.max_documents_per_session': 1000, 'limits.max_documents_per_user': 0 };
const serve = (context, settings) => serve_with_tokens(context, { ...ways_in, ...settings });

/** All but the last tests share one server. */
let shared;
const ends = [];
before(async () => {
  shared = await serve({ after: (end) => ends.push(end) }, unlimited);
});
after(() => Promise.all(ends.map((end) => end())));

let beds = 0;
async function open_bed(server, kind, settings) {
  const bed = Object.assign(new rights_bed(server), { name: `${kind.name}-${++beds}`, ...settings });
  const gateway_port = () => until(() => /^troupe lets programs join at \S+:(\d+)\n/m.exec(server.stdout)?.[1], 'the gateway is open');
  const make_one = async (document, label) => (await bed.must('POST', bed.at(document, '/versions'), { label })).id;
  bed.ways = { gateway_port, make_one };
  await bed.open_watcher();
  return bed;
}

const needs_program = { skip: has_program ? false : `there is no ${program}` };

// --- the matrix ---

/** All rows of a kind of client, side by side; `ways`: of these changes only. */
async function run_matrix(context, kind, { ways = Object.keys(changes), rows_at_once = 40, ...settings } = {}) {
  const bed = await open_bed(shared, kind, { at_once: 3, first_sent: 4, ...settings });
  const has_meaning = (name) => !name.endsWith('admin') || Object.values(kind.needs).includes('admin');
  const rows = Object.keys(sets)
    .filter(has_meaning)
    .flatMap((before) => ways.filter(has_meaning).map((change, i) => new matrix_row(bed, kind, before, change, i === 0)));
  const waiting = rows.map((row, i) => () => row.run(i));
  const side_by_side = async () => {
    for (let run = waiting.shift(); run; run = waiting.shift()) await run();
  };
  try {
    await Promise.all(Array.from({ length: rows_at_once }, side_by_side));
  } finally {
    waiting.length = 0;
    bed.close();
  }
  const got = Object.assign({}, ...rows.map((row) => row.got));
  const wanted = Object.assign({}, ...rows.map((row) => row.wanted));
  const wrong = Object.keys(wanted).filter((cell) => got[cell] !== wanted[cell]);
  assert.deepEqual(wrong.map((cell) => `${cell}: ${got[cell]}, not ${wanted[cell]}`), []);
  context.diagnostic(`${rows.length} rows, ${Object.keys(wanted).length} cells`);
}

for (const kind of [y_websocket, json, json_further, hocuspocus, y_sweet]) test(`${kind.title}: every cell`, (context) => run_matrix(context, kind));
for (const kind of [rest, y_sweet_http]) test(`${kind.title}: every cell`, (context) => run_matrix(context, kind, { rows_at_once: 8 }));
/** A process for each operation: so not every cap. */
const few = ['capped at none', 'capped at read', 'capped at read+write', 'closed', 'granted write', 'capped at read for those who are here'];
test(`${caf_program.title}: every cell`, needs_program, (context) => run_matrix(context, caf_program, { ways: few, rows_at_once: 3, at_once: 1, first_sent: 1 }));

// --- under load ---

const revocations = [
  ['capped at read', ({ user }) => ({ user })],
  ['capped at none', ({ tokenId }) => ({ tokenId })],
  ['closed', ({ user, document }) => ({ user, document })],
];

async function run_under_load(context, kind, settings = {}, server = shared) {
  const bed = await open_bed(server, kind, { at_once: 8, first_sent: 200, sessions: 4, newcomers: kind.keeps_session ? 12 : 0, ...settings });
  try {
    const runs = revocations.map(([change, subject_of]) => new revocation(bed, kind, change, subject_of));
    await Promise.all(runs.map((each) => each.run()));
    context.diagnostic(runs.map((each) => each.summary).join('; '));
  } finally {
    bed.close();
  }
}

const under_load = (kind) => `${kind.title}: under load nothing more is applied once a change is answered`;
for (const kind of [y_websocket, json, json_further, hocuspocus, y_sweet, rest, y_sweet_http]) test(under_load(kind), (context) => run_under_load(context, kind));
test(under_load(caf_program), needs_program, (context) => run_under_load(context, caf_program, { at_once: 2, first_sent: 2, sessions: 1 }));
test('y-websocket: nor what the server has not read yet, since it comes too fast', async (context) =>
  run_under_load(context, y_websocket, {}, await serve(context, { 'limits.messages_per_second': 100, 'limits.edit_burst': 100 })));

test('an edit over HTTP that was let in before a change is done when the change is answered', async (context) => {
  const server = await serve(context, { ...unlimited, 'storage.engine': 'rocksdb', 'storage.path': temporary_folder() });
  const bed = new rights_bed(server);
  context.after(() => bed.close());
  // It takes long to open.
  const update = update_of((doc) => doc.transact(() => Array.from({ length: 100_000 }, (_, i) => doc.getMap('map').set(`key-${i}`, i))));
  await bed.must('POST', bed.at('large', '/import'), { update: base64(update) });
  for (let round = 0; round < 8; ++round) {
    const kind = [rest, y_sweet_http][round % 2];
    const user = `user-${round}`;
    const client = new kind({ server, document: 'large', token: token({ sub: user, docs: [{ name: 'large', rights: 'write' }] }), at_admin_port: bed.at_admin_port });
    const edit = client.act('edit', `round-${round}`);
    await pause(5 * round);
    await bed.must('POST', '/api/v1/sessions/close', { user, seconds: 60 });
    const { updates: then } = await bed.must('GET', bed.at('large'));
    const outcome = (await edit)();
    const { updates: now } = await bed.must('GET', bed.at('large'));
    assert.equal(now, then, `${kind.title}, round ${round}: ${outcome} behind the answer`);
  }
});
