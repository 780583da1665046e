// One document: figures, contents as a tree, versions, sessions; removing it.
import { ask, document_path } from './api.js';
import { confirm_in_dialog } from './dialog.js';
import { format_bytes, format_count, format_time } from './format.js';
import { make_sessions } from './lists.js';
import { make_pairs } from './table.js';
import { make_tree } from './tree.js';
import { make_versions } from './versions.js';
import { h } from '../shared/dom.js';

const figures_of = (found) =>
  make_pairs([
    ['Size', found.bytes === undefined ? 'not stored yet' : format_bytes(found.bytes)],
    ['Updates', found.updates === undefined ? undefined : format_count(found.updates)],
    ['Created', format_time(found.createdAt)],
    ['Changed', format_time(found.changedAt)],
    ['Open', found.open ? `yes, with ${format_count(found.sessions ?? 0)} session${found.sessions === 1 ? '' : 's'}` : 'no'],
    ['In memory', found.open ? (found.folded ? 'folded' : format_bytes(found.memoryBytes ?? 0)) : undefined],
    ['Client ids', found.clientIds],
    ['Damage', found.damage && h('span', { class: 'bad' }, found.damage)],
  ]);

export function make_document(name) {
  const [figures, contents] = [h('div'), h('div', { id: 'contents' })];
  const [opened, shown_roots] = [new Set(), new Set()];
  const sessions = make_sessions(name);
  let shown_state = '';
  const versions = make_versions(name, () => {
    shown_state = '';
    return refresh().catch(() => {});
  });

  const remove = () =>
    confirm_in_dialog({
      title: 'Remove this document?',
      text: 'Its contents and versions go for good, and its clients are closed. The name stays taken until the document is admitted again.',
      button: 'Remove the document',
      typed: name,
      run: () => ask(document_path(name), { method: 'DELETE' }),
    }).then((is_done) => is_done && (location.hash = '#/documents'));

  /** What is asked for often must be little: the contents follow only where something has changed. */
  async function refresh(signal) {
    const found = await ask(document_path(name), { signal });
    figures.replaceChildren(figures_of(found));
    const state = JSON.stringify([found.updates, found.bytes, found.memoryBytes, found.clientIds, found.life]);
    if (state !== shown_state) {
      const value = await ask(document_path(name, '/export?as=json'), { signal });
      contents.replaceChildren(make_tree(value, opened, shown_roots));
      shown_state = state;
    }
    await versions.refresh(signal, state);
    await sessions.refresh(signal);
  }

  const element = h('div', {},
    h('section', {}, h('p', {}, h('a', { href: '#/documents' }, 'All documents')),
      h('div', { class: 'row' }, h('h2', { class: 'title' }, name), h('button', { type: 'button', class: 'danger', onclick: remove }, 'Remove the document…')),
      figures),
    h('section', {}, h('h2', {}, 'Contents'), contents),
    versions.element, sessions.element);
  return { element, refresh };
}
