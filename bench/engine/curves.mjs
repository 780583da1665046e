// The curves of engine_bench, with yjs and ywasm on the same updates where they end in bounded time.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { made_dir } from './inputs.mjs';

const run = promisify(execFile);
const names = ['clients', 'concurrent', 'in-order', 'random-order', 'reverse-order', 'drags'];

/** What the others get to do, and up to which size: yjs merges all that waits with every update. */
const others = { 'one-by-one': 5000, load: 5000, ascending: 2000, descending: 2000, random: 2000, few: 4000 };

async function time_other(engine, { worker, effort }, curve, series, size) {
  const file = join(made_dir, 'curves', `${curve}.${series}.${size}`);
  const input = { file, format: 1, is_stream: true, root: 'text', tasks: ['apply'] };
  const job = JSON.stringify({ engine, input, ...effort });
  try {
    return JSON.parse((await run(process.execPath, ['--expose-gc', worker, job], { timeout: 60_000 })).stdout).apply.median_ms;
  } catch {
    return undefined; // too slow, or it cannot take the updates
  }
}

/** [{curve, series, size, ours, growth, yjs, ywasm}], times in ms. */
export async function run_curves(how) {
  const directory = join(made_dir, 'curves');
  mkdirSync(directory, { recursive: true });
  const points = [];
  for (const curve of names) {
    process.stderr.write(`measuring the curve ${curve}\n`);
    await run(how.engine_bench, ['curve', curve, '--write', directory]);
    const args = ['curve', curve, '--json', '--runs', String(how.effort.runs), '--seconds', String(how.effort.seconds)];
    for (const { series, size, median_ms, growth } of JSON.parse((await run(how.engine_bench, args)).stdout).points) {
      const point = { curve, series, size, ours: median_ms, growth };
      if (size <= (others[series] ?? 0) && !how.is_quick)
        for (const engine of ['yjs', 'ywasm']) point[engine] = await time_other(engine, how, curve, series, size);
      points.push(point);
    }
  }
  return points;
}
