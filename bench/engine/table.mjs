// Printing: rows of cells, aligned for people or as Markdown, and numbers of three digits; and pages with a place for them.
import { readFileSync, writeFileSync } from 'node:fs';

/** 0.0123, 1.23, 12.3, 1,234 */
export function three_digits(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** How many times as much `other` is. */
export const ratio = (ours, other) => (ours === undefined || other === undefined ? '–' : `${three_digits(other / ours)}x`);

/** Lines of a table; the first `left` columns are words, the others numbers. */
export function format_table(header, rows, { is_markdown, left = 2 }) {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => [...row[i]].length)));
  const cell = (text, i) => {
    const space = ' '.repeat(widths[i] - [...text].length);
    return i < left ? text + space : space + text;
  };
  if (!is_markdown) return all.map((row) => row.map(cell).join('  ').trimEnd());
  const rule = `|${widths.map((_, i) => (i < left ? '---' : '--:')).join('|')}|`;
  const lines = all.map((row) => `| ${row.map(cell).join(' | ')} |`);
  return [lines[0], rule, ...lines.slice(1)];
}

/** The place of a page between two marks: its text, and where it begins and ends. */
function place_in(path, name) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const text = readFileSync(path, 'utf8');
  const [at, to] = [text.indexOf(begin), text.indexOf(end)];
  if (at < 0 || to < at) throw new Error(`${path} has no place for the ${name}`);
  return { text, from: at + begin.length, to };
}

/** Everything between two marks of a page. */
export function figures_in(path, name = 'figures') {
  const { text, from, to } = place_in(path, name);
  return text.slice(from, to);
}

/** Writes everything between the two marks of a page anew. */
export function replace_figures(path, figures, name = 'figures') {
  const { text, from, to } = place_in(path, name);
  writeFileSync(path, `${text.slice(0, from)}\n\n${figures}\n${text.slice(to)}`);
}
