// Tables of what was measured, for the terminal and for the page of results.
import { format_table, replace_figures, three_digits } from '../engine/table.mjs';

const signs = { '<=': '≤', '>=': '≥' };

function rows_of({ columns, rows }) {
  return rows.map(({ title, figures }) => [title, ...columns.map(({ key, scale }) => three_digits(figures[key] === undefined ? undefined : figures[key] * scale))]);
}

const table_of = (measured, is_markdown) => format_table(['', ...measured.columns.map(({ title }) => title)], rows_of(measured), { is_markdown, left: 1 });

function notes_of({ repetitions, seconds, load, failures, notes }) {
  const said = [`${repetitions === 1 ? 'one run' : `medians of ${repetitions} runs`} in ${Math.round(seconds)} s; ${load.toFixed(1)} cores were busy on average, with what this measured`];
  return [...said, ...notes, ...failures.map((failure) => `failed: ${failure}`)];
}

const check_row = ({ what, value, op, bound, holds }) => [what, three_digits(value), `${signs[op]} ${bound}`, holds ? 'yes' : 'no'];

export function as_text(name, measured) {
  const checks = measured.checks.map(check_row).map(([what, value, bound, holds]) => `${holds === 'yes' ? 'holds' : 'MISSED'}: ${what}: ${value} (${bound})`);
  return `${[`${name}: ${measured.what}`, ...table_of(measured, false), ...checks, ...notes_of(measured).map((note) => `note: ${note}`)].join('\n')}\n`;
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function as_markdown(name, measured) {
  return [`### ${name}\n`, ...measured.what.split('. ').map((part) => sentence(part)), '', ...table_of(measured, true), '', ...notes_of(measured).map(sentence), ''].join('\n');
}

/** Writes everything between two marks of the page anew. */
export function as_page(path, about, all, place = undefined) {
  const { label, date, cores, node, peers } = about;
  const checks = Object.values(all).flatMap((each) => each.checks);
  const parts = [
    `${[label, date, `${cores} cores`, `node ${node}`, ...peers].join(', ')}.`,
    format_table(['what it must show', 'figure', 'wanted', 'holds'], checks.map(check_row), { is_markdown: true, left: 1 }).join('\n'),
    ...Object.entries(all).map(([name, measured]) => as_markdown(name, measured)),
  ];
  replace_figures(path, parts.join('\n\n'), place);
}
