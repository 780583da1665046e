// Tables of lists that have pages, and lists of names with values.
import { h } from '../shared/dom.js';

/** `columns`: {title, of, is_number}; `of` makes the contents of a cell from a row. */
export function make_table(caption, columns, rows) {
  const cell = (row, { of, is_number }) => h('td', { class: is_number && 'number' }, of(row));
  return h('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, columns.map(({ title, is_number }) => h('th', { scope: 'col', class: is_number && 'number' }, title)))),
      h('tbody', {}, rows.map((row) => h('tr', {}, columns.map((column) => cell(row, column)))))));
}

export const make_pairs = (pairs) =>
  h('dl', { class: 'pairs' }, pairs.filter(([, value]) => value !== undefined && value !== null && value !== '').map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));

/**
 * Buttons that go through the pages of a list: {element, after(), show(next)}. `on_turned` is called when another page is
 * wanted.
 */
export function make_pager(on_turned) {
  const befores = [''];
  let following;
  const turn = (change) => () => {
    change();
    on_turned();
  };
  const back = h('button', { type: 'button', onclick: turn(() => befores.pop()) }, 'Previous page');
  const next = h('button', { type: 'button', onclick: turn(() => befores.push(following)) }, 'Next page');
  const element = h('div', { class: 'row', hidden: true }, back, next);
  return {
    element,
    after: () => befores.at(-1),
    reset: () => (befores.length = 1),
    show: (found) => {
      following = found === undefined ? undefined : String(found);
      back.disabled = befores.length === 1;
      next.disabled = following === undefined;
      element.hidden = back.disabled && next.disabled;
    },
  };
}
