// A small line chart: some series over the last minutes, as SVG. Screen readers hear the latest values.
import { format_ago } from './format.js';
import { h } from '../shared/dom.js';

/** What is shown: from a minute, as soon as there is one point, to five. */
const shown_ms_min = 60_000;
const shown_ms_max = 300_000;
const width = 300;
const height = 70;
const svg = (name, attributes) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

/** The next larger of 1, 2, 5, 10, 20, ... */
function rounded_up(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((step) => step * power >= value) * power;
}

/** Parts of a line, as an undefined value leaves a gap. `places` are those of the values, from 0 to 1. */
function path_of(values, places, most) {
  let path = '';
  let is_drawing = false;
  for (const [at, value] of values.entries()) {
    if (value === undefined) {
      is_drawing = false;
      continue;
    }
    path += `${is_drawing ? 'L' : 'M'}${(places[at] * width).toFixed(1)},${(height - (value / most) * height).toFixed(1)}`;
    is_drawing = true;
  }
  return path;
}

/**
 * {element, add(values)}: `names` are those of the series, `format` shows a value. The element stays away until there is
 * something to show.
 */
export function make_chart(title, names, format) {
  const times = [];
  const series = names.map(() => []);
  const lines = names.map((_, at) => svg('path', { class: `line line-${at + 1}` }));
  const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  drawing.append(...lines);
  const [latest, most_shown] = [h('p', { class: 'latest' }), h('span', { class: 'faint most' })];
  const since = h('span');
  const element = h('figure', { class: 'card chart', hidden: true },
    h('figcaption', {}, title), latest, h('div', { class: 'plot' }, most_shown, drawing),
    h('p', { class: 'faint times', 'aria-hidden': 'true' }, since, h('span', {}, 'now')));
  const add = (values) => {
    const now = performance.now();
    times.push(now);
    for (const [at, value] of values.entries()) series[at].push(value);
    while (now - times[0] > shown_ms_max) for (const list of [times, ...series]) list.shift();
    const shown_ms = Math.max(shown_ms_min, now - times[0]);
    const places = times.map((time) => 1 - (now - time) / shown_ms);
    since.textContent = format_ago(shown_ms);
    const known = series.flat().filter((value) => value !== undefined);
    element.hidden = known.length === 0;
    const most = rounded_up(Math.max(0, ...known));
    most_shown.textContent = format(most);
    for (const [at, line] of lines.entries()) line.setAttribute('d', path_of(series[at], places, most));
    latest.replaceChildren(
      ...names.map((name, at) => {
        const value = series[at].at(-1);
        return h('span', { class: `key key-${at + 1}` }, `${name} `, h('strong', {}, value === undefined ? '–' : format(value)));
      }),
    );
  };
  return { element, add };
}
