// The first view: how the node and its cluster are, what it counts, how fast it answers.
import { ask, refusal } from './api.js';
import { make_chart } from './chart.js';
import { format_bytes, format_count, format_rate, format_seconds, format_time } from './format.js';
import { largest_of, quantile_of, rate_of, value_of } from './metrics.js';
import { make_pairs, make_table } from './table.js';
import { h } from '../shared/dom.js';

const per_second = (value) => `${format_rate(value)}/s`;

const half_and_most = (was, now, name, labels) => [0.5, 0.99].map((part) => quantile_of(was, now, name, part, labels));
const rates = (...names) => (was, now) => names.map((name) => rate_of(was, now, name));
const times = (name, labels) => (was, now) => half_and_most(was, now, name, labels);
const times_shown = { names: ['half', '99 %'], format: format_seconds };

/** Charts of what docs/operating.md describes; one whose metrics are not there, or have seen nothing yet, stays away. */
const charts = [
  { title: 'Sessions', names: ['connected'], format: format_count, of: (_, now) => [value_of(now, 'troupe_sessions')] },
  { title: 'Open documents', names: ['open', 'folded'], format: format_count, of: (_, now, seen) => [seen.open_documents, value_of(now, 'troupe_folded_documents')] },
  { title: 'Messages of clients', names: ['received'], format: per_second, of: rates('troupe_messages_total') },
  { title: 'Deliveries to sessions', names: ['delivered'], format: per_second, of: rates('troupe_deliveries_total') },
  { title: 'Bytes of clients', names: ['in', 'out'], format: (value) => `${format_bytes(value)}/s`, of: rates('troupe_received_bytes_total', 'troupe_sent_bytes_total') },
  { title: 'From an edit to its confirmation', ...times_shown, of: times('troupe_acknowledgement_seconds') },
  { title: 'Work on what a client sent', ...times_shown, of: times('troupe_apply_seconds') },
  { title: 'Writes to storage', ...times_shown, of: times('troupe_commit_seconds') },
  { title: 'Wait of documents for their turn', ...times_shown, of: times('caf_actor_mailbox_time_seconds', { name: 'troupe.document' }) },
  { title: 'Lag of other nodes', names: ['longest'], format: format_seconds, of: (_, now) => [largest_of(now, 'troupe_peer_lag_seconds')] },
  { title: 'Messages between actors', names: ['handled'], format: per_second, of: rates('caf_system_processed_messages_total') },
  { title: 'Answers to this page', names: ['time'], format: format_seconds, of: (_was, _now, seen) => [seen.answer_seconds] },
];

const yes = (is) => h('span', { class: is ? 'good' : 'bad' }, is ? 'yes' : 'no');

function show_cluster(cluster) {
  if (!cluster) return h('p', { class: 'faint' }, 'This node serves alone: it is in no cluster.');
  const own = [
    ['Cluster', cluster.cluster], ['This node', cluster.node], ['Joined', yes(cluster.joined)], ['Waits', cluster.waits], ['Conflict', cluster.conflict],
    ['Copies of a document', cluster.keepers], ['Copies before an edit is confirmed', cluster.writeAcks], ['Documents in place', yes(cluster.moved)],
  ];
  const columns = [
    { title: 'Node', of: (node) => node.name },
    { title: 'Address', of: (node) => node.address },
    { title: 'Role', of: (node) => node.role },
    { title: 'Up', of: (node) => yes(node.up) },
    { title: 'Waits for it', is_number: true, of: (node) => format_bytes((node.queuedBytes ?? 0) + (node.inFlightBytes ?? 0)) },
    { title: 'Error', of: (node) => node.error ?? '' },
  ];
  return h('div', {}, make_pairs(own), make_table('Nodes', columns, cluster.nodes));
}

/** Below this the store's estimate, which counts a document each time that it was written, says nothing. */
const documents_estimated_min = 1000;

const show_storage = (storage) =>
  make_pairs([
    ['Writable', yes(storage.writable)],
    ['Documents, about', storage.documentsEstimated >= documents_estimated_min ? format_count(storage.documentsEstimated) : undefined],
    ['Logs', format_bytes(storage.logBytes)], ['Checkpoints', format_bytes(storage.checkpointBytes)], ['Versions', format_bytes(storage.versionBytes)],
    ['Free on the disk', format_bytes(storage.freeBytes)],
  ]);

function show_closes(snapshot) {
  const rows = snapshot.metrics.filter(({ name, value }) => name === 'troupe_closed_connections_total' && value > 0).sort((left, right) => right.value - left.value);
  if (rows.length === 0) return h('p', { class: 'faint' }, 'No connection has ended yet.');
  return make_table('Connections that ended', [
    { title: 'Reason', of: (row) => row.labels.reason },
    { title: 'Times', is_number: true, of: (row) => format_count(row.value) },
  ], rows);
}

/** The answer, or undefined where the node has no such thing. */
const ask_if_there = (path, signal) =>
  ask(path, { signal }).catch((error) => {
    if (error instanceof refusal && error.status === 404) return undefined;
    throw error;
  });

/** {element, refresh(signal)} as every view. Charts go on while other views are shown. */
export function make_overview() {
  const made = charts.map(({ title, names, format }) => make_chart(title, names, format));
  const [cluster, storage, closes, readiness] = [h('div'), h('div'), h('div'), h('p')];
  const hint = h('p', { class: 'faint', hidden: true }, 'How long edits take, and how long messages wait, is measured where metrics.port is set.');
  let before;

  async function sample(signal) {
    const began = performance.now();
    const now = await ask('api/v1/metrics', { signal });
    const seen = { answer_seconds: (performance.now() - began) / 1000 };
    seen.open_documents = (await ask('api/v1/documents?open=true&limit=1', { signal })).count;
    if (before) for (const [at, { of }] of charts.entries()) made[at].add(of(before, now, seen));
    before = now;
    return now;
  }

  async function refresh(signal) {
    const now = await sample(signal);
    const ready = await ask('readyz', { signal }).catch((error) => error.message);
    hint.hidden = value_of(now, 'caf_actor_mailbox_size') !== undefined;
    readiness.replaceChildren(h('span', { class: ready.trim() === 'ready' ? 'good' : 'bad' }, ready.trim()), h('span', { class: 'faint' }, ` at ${format_time(now.at)}`));
    cluster.replaceChildren(show_cluster(await ask_if_there('api/v1/cluster', signal)));
    storage.replaceChildren(show_storage(await ask('api/v1/storage', { signal })));
    closes.replaceChildren(show_closes(now));
  }

  const element = h('div', {},
    h('section', {}, h('h2', {}, 'Node'), readiness, h('div', { class: 'charts' }, made.map((chart) => chart.element)), hint),
    h('section', {}, h('h2', {}, 'Cluster'), cluster),
    h('section', { class: 'columns' }, h('div', {}, h('h2', {}, 'Storage'), storage), h('div', {}, h('h2', {}, 'Ends of connections'), closes)));
  return { element, refresh, sample };
}
