// What runs of scenarios share: programs that print their figures, cases in turns, medians, and what the figures must show.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program_max_ms = 600_000;

/** The figures of a program that prints one object; fails with what it says is wrong. */
export async function figures_of(program, args) {
  const { stdout, stderr } = await run(program, args.map(String), { timeout: program_max_ms }).catch((error) => error);
  const figures = stdout?.startsWith('{') ? JSON.parse(stdout) : { failures: [stderr || `${program} ended without a word`] };
  if (figures.failures.length > 0) throw new Error(figures.failures.join('; '));
  return figures;
}

/** Median of each figure, and how far it went. */
function summary(runs) {
  const figures = {};
  const ranges = {};
  for (const [key, value] of Object.entries(runs[0] ?? {})) {
    if (typeof value !== 'number') continue;
    const sorted = runs.map((each) => each[key] ?? 0).sort((a, b) => a - b);
    const half = sorted.length / 2;
    figures[key] = (sorted[Math.floor(half)] + sorted[Math.ceil(half) - 1]) / 2;
    ranges[key] = [sorted[0], sorted.at(-1)];
  }
  return { figures, ranges };
}

/** Seconds for which all cores together computed, whoever asked them to. */
const busy_s = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1e3;

/** Runs the cases of a scenario in turns; `wanted` repetitions, else as many as it says, else three. */
export async function measure(name, scenario, tools, wanted = undefined) {
  const cases = scenario.cases(tools);
  const repetitions = Number(wanted ?? scenario.repetitions ?? 3);
  const runs = new Map(cases.map(([title]) => [title, []]));
  const failures = [];
  const begun = { at: performance.now(), busy: busy_s() };
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const [title, once] of repetition % 2 === 0 ? cases : cases.toReversed()) {
      process.stderr.write(`${name}, ${repetition + 1} of ${repetitions}: ${title}\n`);
      try {
        runs.get(title).push(await once());
      } catch (error) {
        failures.push(`${title}: ${error.message}`);
        process.stderr.write(`  ${error.message}\n`);
      }
    }
  const seconds = (performance.now() - begun.at) / 1e3;
  const rows = [...runs].map(([title, of]) => ({ title, ...summary(of) }));
  return checked(scenario, { repetitions, seconds, load: (busy_s() - begun.busy) / seconds, rows, notes: scenario.skips?.() ?? [], failures });
}

/** With what the figures must show; nothing of it if some of them are missing. */
export function checked(scenario, measured) {
  const by_title = Object.fromEntries(measured.rows.map(({ title, figures }) => [title, figures]));
  const checks = measured.failures.length > 0 ? [] : (scenario.checks?.(by_title) ?? []);
  return { ...measured, what: scenario.what, columns: scenario.columns, checks };
}

/** What a page says of a run: the label, or the commit of `root`; and the versions of the packages in some folders. */
export async function about_run(root, label, packages) {
  const git = (...args) => run('git', ['-C', root, ...args]).then(({ stdout }) => stdout.trim(), () => 'unknown');
  const version = (path) => JSON.parse(readFileSync(join(path, 'package.json'))).version;
  return {
    date: new Date().toISOString().slice(0, 10),
    label: label ?? `commit ${await git('rev-parse', '--short', 'HEAD')}${(await git('status', '--porcelain', '--untracked-files=no')) === '' ? '' : ' with changes'}`,
    cores: cpus().length,
    node: process.version,
    peers: packages.map((path) => `${path.replace(/.*node_modules\//, '')} ${version(path)}`),
  };
}
