// The versions of a document: a slider through them, what each showed or changed, and what may be done with them.
import { ask, document_path } from './api.js';
import { confirm_in_dialog } from './dialog.js';
import { make_diff } from './diff.js';
import { format_bytes, format_time } from './format.js';
import { make_tree } from './tree.js';
import { h } from '../shared/dom.js';

const ways = [
  ['now', 'what has changed since'],
  ['before', 'what it changed'],
  ['contents', 'what it showed'],
];

const names_shown = 3;

/** Who has edited since the version before: people and programs. */
function edited_by({ authors = [], origins = [] }) {
  const all = [...authors, ...origins];
  const more = all.length - names_shown;
  return all.length === 0 ? '' : `, edited by ${all.slice(0, names_shown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** {element, refresh(signal)}; the list is looked at with each refresh, a version only when another one is wanted. */
export function make_versions(name, on_changed) {
  let versions = [];
  let known = '';
  let wanted = new AbortController();
  const [opened, shown_roots] = [new Set(), new Set()];
  const slider = h('input', { type: 'range', id: 'version', min: '0', max: '0', value: '0', step: '1' });
  const which = h('output', { for: 'version', id: 'which-version' });
  const way = h('select', { id: 'way' }, ways.map(([value, text]) => h('option', { value }, text)));
  const shown = h('div', { id: 'difference', 'aria-live': 'polite' });
  const chosen = () => versions[Number(slider.value)];
  const path = (rest = '') => document_path(name, `/versions${rest}`);

  const restore = () =>
    confirm_in_dialog({
      title: 'Restore this version?',
      text: `The document will show what it showed at ${format_time(chosen().createdAt)}. This is an edit that everybody sees; other versions stay.`,
      button: 'Restore',
      run: () => ask(path(`/${chosen().id}/restore`), { method: 'POST' }),
    }).then((is_done) => is_done && on_changed());
  const remove = () =>
    confirm_in_dialog({
      title: 'Remove this version?',
      text: 'It cannot be brought back. The document stays as it is.',
      button: 'Remove the version',
      run: () => ask(path(`/${chosen().id}`), { method: 'DELETE' }),
    }).then((is_done) => is_done && on_changed());
  const make = () =>
    confirm_in_dialog({
      title: 'Keep a version',
      text: 'What the document shows now is kept until somebody removes it.',
      field: 'Label',
      button: 'Keep it',
      is_danger: false,
      run: (label) => ask(path(), { method: 'POST', body: { label } }),
    }).then((label) => label !== false && on_changed());

  const restore_button = h('button', { type: 'button', class: 'danger', onclick: restore }, 'Restore…');
  const remove_button = h('button', { type: 'button', class: 'danger', onclick: remove }, 'Remove the version…');
  const controls = h('div', {},
    h('label', { for: 'version' }, 'Version '), which, slider,
    h('div', { class: 'row' }, h('label', { class: 'row' }, 'Show ', way), restore_button, remove_button));

  async function contents_of(version, signal) {
    return version ? ask(path(`/${version.id}?as=json`), { signal }) : {};
  }

  async function load(signal) {
    const version = chosen();
    if (way.value === 'contents') return make_tree(await contents_of(version, signal), opened, shown_roots);
    if (way.value === 'now') {
      const comparison = await ask(path(`/${version.id}/compare?with=now`), { signal });
      return make_diff(comparison, await contents_of(version, signal));
    }
    const before = versions[Number(slider.value) - 1];
    if (!before) return h('div', {}, h('p', { class: 'faint' }, 'There is no version before it. It showed:'), make_tree(await contents_of(version, signal), opened, shown_roots));
    const comparison = await ask(path(`/${before.id}/compare?with=${version.id}`), { signal });
    return make_diff(comparison, await contents_of(before, signal));
  }

  /** Shows the version under the slider; of a fast slider the last counts. */
  async function show() {
    wanted.abort();
    wanted = new AbortController();
    const { signal } = wanted;
    const version = chosen();
    if (!version) return;
    const label = version.label ? `, “${version.label}”` : '';
    which.textContent = `${Number(slider.value) + 1} of ${versions.length}: ${format_time(version.createdAt)}${label}${version.automatic ? ', made by the server' : ''}${edited_by(version)}, ${format_bytes(version.bytes ?? 0)}`;
    slider.setAttribute('aria-valuetext', which.textContent);
    restore_button.disabled = Boolean(version.damage);
    try {
      const found = version.damage ? h('p', { class: 'bad' }, version.damage) : await load(signal);
      if (!signal.aborted) shown.replaceChildren(found);
    } catch (error) {
      if (!signal.aborted) shown.replaceChildren(h('p', { class: 'bad' }, error.message));
    }
  }

  async function refresh(signal, state) {
    const { versions: found } = await ask(path('?limit=1000'), { signal });
    const key = JSON.stringify([found.map(({ id }) => id), state]);
    if (key === known) return;
    const [is_at_end, id] = [Number(slider.value) >= versions.length - 1, chosen()?.id];
    const is_new_list = known === '' || found.length !== versions.length;
    known = key;
    versions = found;
    slider.max = String(Math.max(0, found.length - 1));
    if (is_new_list) slider.value = String(is_at_end ? found.length - 1 : Math.max(0, found.findIndex((version) => version.id === id)));
    controls.hidden = found.length === 0;
    if (found.length === 0) shown.replaceChildren(h('p', { class: 'faint' }, 'There is no version yet. The server keeps one some time after an edit.'));
    else await show();
  }

  slider.addEventListener('input', show);
  way.addEventListener('change', show);
  const element = h('section', {},
    h('div', { class: 'row' }, h('h2', {}, 'Versions'), h('button', { type: 'button', onclick: make }, 'Keep a version…')), controls, shown);
  return { element, refresh };
}
