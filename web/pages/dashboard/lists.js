// The lists of documents and of sessions, a page at a time.
import { ask, document_path } from './api.js';
import { format_bytes, format_count, format_time } from './format.js';
import { make_pager, make_table } from './table.js';
import { h } from '../shared/dom.js';

const page_size = 50;

export const document_link = (name) => h('a', { href: `#/documents/${encodeURIComponent(name)}` }, name);

const stored_columns = [
  { title: 'Document', of: (row) => document_link(row.name) },
  { title: 'Size', is_number: true, of: (row) => format_bytes(row.bytes) },
  { title: 'Updates', is_number: true, of: (row) => format_count(row.updates) },
  { title: 'Changed', of: (row) => format_time(row.changedAt) },
  { title: 'Open', of: (row) => (row.damage ? h('span', { class: 'bad' }, row.damage) : row.open ? 'yes' : '') },
];
const open_columns = [
  { title: 'Document', of: (row) => document_link(row.name) },
  { title: 'Sessions', is_number: true, of: (row) => format_count(row.sessions) },
  { title: 'In storage', is_number: true, of: (row) => format_bytes(row.stateBytes) },
  { title: 'In memory', is_number: true, of: (row) => (row.folded ? 'folded' : format_bytes(row.memoryBytes)) },
  { title: 'Client ids', is_number: true, of: (row) => format_count(row.clientIds) },
];

export function make_documents() {
  const rows = h('div');
  const prefix = h('input', { type: 'search', id: 'prefix', placeholder: 'team/', autocomplete: 'off' });
  const which = h('select', { id: 'which' }, h('option', { value: 'stored' }, 'stored'), h('option', { value: 'open' }, 'open'));
  let wanted = new AbortController();
  const pager = make_pager(() => turn());
  const turn = () => {
    wanted.abort();
    wanted = new AbortController();
    refresh(wanted.signal).catch(() => {});
  };

  async function refresh(signal) {
    const is_open = which.value === 'open';
    prefix.disabled = is_open;
    const query = new URLSearchParams({ limit: page_size });
    if (pager.after()) query.set('after', pager.after());
    if (is_open) query.set('open', 'true');
    else if (prefix.value) query.set('prefix', prefix.value);
    // '+' is a plus there.
    const page = await ask(`api/v1/documents?${query.toString().replaceAll('+', '%20')}`, { signal });
    pager.show(page.next);
    const caption = is_open ? `Open documents (${format_count(page.count)})` : 'Stored documents';
    rows.replaceChildren(page.documents.length > 0 ? make_table(caption, is_open ? open_columns : stored_columns, page.documents) : h('p', { class: 'faint' }, 'There is none.'));
  }

  for (const [input, event] of [[prefix, 'input'], [which, 'change']])
    input.addEventListener(event, () => {
      pager.reset();
      turn();
    });
  const element = h('section', {},
    h('h2', {}, 'Documents'),
    h('div', { class: 'row' }, h('label', { class: 'row' }, 'Show ', which), h('label', { class: 'row' }, 'Names that begin with ', prefix)),
    rows, pager.element);
  return { element, refresh };
}

const name_in = (presence) => presence?.user?.name ?? presence?.name ?? '';

const session_columns = [
  { title: 'Session', is_number: true, of: (row) => String(row.id) },
  { title: 'User', of: (row) => row.userId ?? '' },
  { title: 'Shows', of: (row) => String(name_in(row.presence)).slice(0, 60) },
  { title: 'Address', of: (row) => row.address },
  { title: 'Documents', of: (row) => row.documents.slice(0, 5).flatMap((name, at) => [at > 0 && ', ', document_link(name)]).filter(Boolean).concat(row.documents.length > 5 ? ` and ${row.documents.length - 5} more` : []) },
  { title: 'Speaks', of: (row) => row.speaks.join(', ') },
  { title: 'Since', of: (row) => format_time(row.connectedSince) },
  { title: 'In', is_number: true, of: (row) => format_bytes(row.bytesIn) },
  { title: 'Out', is_number: true, of: (row) => format_bytes(row.bytesOut) },
  { title: 'Queued', is_number: true, of: (row) => format_bytes(row.queuedBytes) },
];

/** The sessions of the node, or of one document. */
export function make_sessions(document_name) {
  const rows = h('div');
  const pager = make_pager(() => refresh().catch(() => {}));
  const path = document_name === undefined ? 'api/v1/sessions' : document_path(document_name, '/sessions');

  async function refresh(signal) {
    const query = new URLSearchParams({ limit: page_size });
    if (pager.after()) query.set('after', pager.after());
    const page = await ask(`${path}?${query}`, { signal });
    pager.show(page.next);
    rows.replaceChildren(page.sessions.length > 0 ? make_table(`Sessions (${format_count(page.count)})`, session_columns, page.sessions) : h('p', { class: 'faint' }, 'Nobody is connected.'));
  }
  return { element: h('section', {}, h('h2', {}, 'Sessions'), rows, pager.element), refresh };
}
