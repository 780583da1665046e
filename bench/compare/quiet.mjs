// A measurement begins in a quiet moment.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a moment in which nobody else computes, but not for long. */
export async function wait_until_quiet() {
  const busy_ms = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const [step_ms, busy_max, tries_max] = [300, 0.15, 30];
  for (let tries = 0; tries < tries_max; tries++) {
    const before = busy_ms();
    await sleep(step_ms);
    if (busy_ms() - before < busy_max * step_ms) return;
  }
}
