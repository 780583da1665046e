// Tables of what was measured, for the terminal and for the page of results.
import { format_table, replace_figures, three_digits } from '../engine/table.mjs';
import { scenarios } from './scenarios.mjs';

/** Above this much CPU time of others, in percent of a core, a measurement counts as disturbed. */
const disturbed_percent = 30;

const value_of = (server, { key, scale }) => (server.figures[key] === undefined ? undefined : server.figures[key].median * scale);

/** How many times better ours is than theirs; above 1 is better, whether the figure is a rate or a cost. */
function advantage(ours, theirs, figure) {
  const [a, b] = [value_of(ours, figure), value_of(theirs, figure)];
  if (figure.is_better === undefined || !a || !b) return '';
  return `${three_digits(figure.is_better === 'more' ? a / b : b / a)}x`;
}

/** A server that is as good as the better relay in each figure; undefined without relays. */
function floor_of(servers, figures) {
  const relays = servers.filter(({ kind, figures: of }) => kind === 'floor' && Object.keys(of).length > 0);
  if (relays.length === 0) return undefined;
  const best = {};
  for (const { key, is_better } of figures) {
    const known = relays.filter(({ figures: of }) => of[key] !== undefined).map(({ figures: of }) => of[key].median);
    if (known.length > 0) best[key] = { median: is_better === 'more' ? Math.max(...known) : Math.min(...known) };
  }
  return { figures: best };
}

function rows_of(name, { servers }) {
  const { figures } = scenarios[name];
  const rows = servers.map((server) => [server.name, ...figures.map((figure) => three_digits(value_of(server, figure)))]);
  const ours = servers.findLast(({ kind }) => kind === 'ours'); // of several builds the last, against those before
  if (ours === undefined) return rows;
  const against = (title, other) => [title, ...figures.map((figure) => advantage(ours, other, figure))];
  const floor = floor_of(servers, figures);
  if (floor !== undefined) rows.push(against(`${ours.name} : floor`, floor));
  for (const other of servers) if (other !== ours && other.kind !== 'floor') rows.push(against(`${ours.name} : ${other.name}`, other));
  return rows;
}

function notes_of({ servers }) {
  const notes = servers.filter(({ failures }) => failures.length > 0).map(({ name, runs, failures }) => `${name} failed in some of ${runs} runs: ${failures.join('; ')}`);
  const disturbed = servers.filter(({ figures }) => figures.other_cpu_percent?.max > disturbed_percent).map(({ name, figures }) => `${name} (${Math.round(figures.other_cpu_percent.max)} %)`);
  if (disturbed.length > 0) notes.push(`other programs took part of a core while these were measured: ${disturbed.join(', ')}`);
  return notes;
}

function table_of(name, measured, is_markdown) {
  return format_table(['', ...scenarios[name].figures.map(({ title }) => title)], rows_of(name, measured), { is_markdown, left: 1 });
}

export function as_text(name, measured) {
  const lines = [`${name}: ${scenarios[name].what}`, ...table_of(name, measured, false), ...notes_of(measured).map((note) => `note: ${note}`)];
  return `${lines.join('\n')}\n`;
}

function as_markdown(name, measured) {
  const notes = notes_of(measured).map((note) => `\nNote: ${note}.`);
  return [`### ${name}\n`, `${scenarios[name].what[0].toUpperCase()}${scenarios[name].what.slice(1)}.\n`, ...table_of(name, measured, true), ...notes, ''].join('\n');
}

/** One sentence for each set of circumstances, with the scenarios that were measured in them. */
function circumstances(all) {
  const sets = new Map();
  for (const [name, { about, repetitions, seconds }] of Object.entries(all)) {
    const peers = Object.entries(about.peers).map(([peer, version]) => `${peer} ${version}`);
    const text = `${about.label}, ${about.date}, ${about.cores} cores, node ${about.node}, ${peers.join(', ')}; ${repetitions === 1 ? 'one run' : `medians of ${repetitions} runs`} of ${seconds} s`;
    sets.set(text, [...(sets.get(text) ?? []), name]);
  }
  return [...sets].map(([text, names]) => (sets.size === 1 ? `${text}.` : `${names.join(', ')}: ${text}.`)).join('\n\n');
}

/** Writes everything between the two marks of the page anew. */
export function as_page(path, all) {
  const tables = Object.entries(all).map(([name, measured]) => as_markdown(name, measured));
  replace_figures(path, `${circumstances(all)}\n\n${tables.join('\n')}`);
}
