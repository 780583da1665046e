// What differs between two states of a document, for people: words that came and went, with a little of what is around.
import { diffWordsWithSpace } from 'diff';

import { h } from '../shared/dom.js';

const context = 60;
const diff_ms = 400;

const added = (text) => h('ins', {}, text);
const removed = (text) => h('del', {}, text);
const as_text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Text that stays: its ends, where changes are near. */
function kept(text, is_first, is_last) {
  const room = (is_first ? 0 : context) + (is_last ? 0 : context);
  if (text.length <= room + 40) return text;
  const head = is_first ? '' : text.slice(0, context);
  const tail = is_last ? '' : text.slice(text.length - context);
  return [head, h('span', { class: 'faint' }, ` … ${text.length - room} characters … `), tail];
}

/** Whether what a delta takes away is what stands in the text: not with embedded objects, which the text lacks. */
function fits(delta, text) {
  let at = 0;
  for (const part of delta) {
    if (part.delete !== undefined && (typeof part.delete !== 'string' || text.slice(at, at + part.delete.length) !== part.delete)) return false;
    at += part.retain ?? part.delete?.length ?? 0;
  }
  return at <= text.length;
}

function show_text(delta, before) {
  const has_text = typeof before === 'string' && fits(delta, before);
  let at = 0;
  return h('p', { class: 'changes' }, delta.flatMap((part, index) => {
    if (part.insert !== undefined) return added(as_text(part.insert));
    const from = at;
    at += part.retain ?? part.delete?.length ?? 0;
    if (part.delete !== undefined) return removed(as_text(part.delete));
    if (!has_text) return h('span', { class: 'faint' }, ` … ${part.retain} characters … `);
    return kept(before.slice(from, at), index === 0, index === delta.length - 1);
  }));
}

const show_array = (delta) =>
  h('ol', { class: 'changes' }, delta.flatMap((part) => {
    if (part.retain !== undefined) return h('li', { class: 'faint' }, `${part.retain} unchanged`);
    const values = part.insert ?? part.delete;
    return (Array.isArray(values) ? values : [values]).map((value) => h('li', {}, part.insert === undefined ? removed(JSON.stringify(value)) : added(JSON.stringify(value))));
  }));

const show_map = (keys) =>
  h('ul', { class: 'changes' }, Object.entries(keys).map(([key, change]) =>
    h('li', {}, h('strong', {}, key), ': ',
      'old' in change && removed(JSON.stringify(change.old)), ' ', 'new' in change && added(JSON.stringify(change.new)))));

/** Elements on lines of their own, so that a change of one does not look like one of all. */
const on_lines = (xml) => as_text(xml ?? '').replaceAll(/(<\/[^>]+>)(?=<)/g, '$1\n');

function show_whole(before, after) {
  const parts = diffWordsWithSpace(on_lines(before), on_lines(after), { timeout: diff_ms });
  if (!parts) return h('p', { class: 'changes' }, removed(on_lines(before)), '\n', added(on_lines(after)));
  return h('p', { class: 'changes' }, parts.flatMap((part, at) => {
    if (part.added) return added(part.value);
    if (part.removed) return removed(part.value);
    return kept(part.value, at === 0, at === parts.length - 1);
  }));
}

function show_root(root, before) {
  if (root.kind === 'text' && root.delta) return show_text(root.delta, before);
  if (root.kind === 'array' && root.delta) return show_array(root.delta);
  if (root.keys) return show_map(root.keys);
  return show_whole(root.old, root.new);
}

/** `comparison` is what the API answers, `before` the contents of the older state as JSON. */
export function make_diff(comparison, before) {
  const roots = Object.entries(comparison.roots);
  const nothing = roots.length === 0 && comparison.omitted.length === 0;
  return h('div', {},
    nothing && h('p', { class: 'faint' }, 'Nothing differs.'),
    roots.map(([name, root]) => [h('h3', {}, `${name} `, h('span', { class: 'faint' }, root.kind)), show_root(root, before[name])]).flat(),
    comparison.omitted.length > 0 && h('p', { class: 'faint' }, `Too large to compare: ${comparison.omitted.join(', ')}`));
}
