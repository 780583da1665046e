// The load generator in its mode `catch_up`, which says what it has done and waits until the links are cut or healed.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const settling_ms = 500;
const cut_ms = 8000;
const turn_ms = 10;
const time_max_ms = 240_000;

/** Its figures; what did not arrive in time is `missing` of them, not a failure. */
export async function catch_up(program, args, { cut, heal }) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: time_max_ms });
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  let cut_at = 0;
  createInterface({ input: child.stderr }).on('line', async (line) => {
    said += `${line}\n`;
    if (line === 'joined') {
      cut();
      cut_at = performance.now();
      await sleep(settling_ms);
    } else if (line === 'written') {
      await sleep(Math.max(0, cut_at + cut_ms - performance.now()));
      // Its clock must run by then; it looks for the line every 10 ms, so the time is too long by that at most.
      child.stdin.write('\n');
      await sleep(turn_ms);
      return heal();
    } else {
      return;
    }
    child.stdin.write('\n');
  });
  child.stdin.on('error', () => {}); // it has ended, then
  await ended;
  if (!out.startsWith('{')) throw new Error(said || 'it ended without a word');
  const { failures, ...figures } = JSON.parse(out);
  if (figures.missing === undefined) throw new Error(failures.join('; '));
  if (figures.arrived_while_cut > 0) throw new Error(`${figures.arrived_while_cut} updates arrived although the links were cut`);
  return figures;
}
