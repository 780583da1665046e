// Sets of rights, ways to change them, and what becomes of somebody's edits meanwhile.
import { pause } from './wait.mjs';

/** Words of tokens, and what they allow. */
export const sets = {
  none: { words: [], may: [] },
  read: { words: ['read'], may: ['read'] },
  'read+presence': { words: ['presence'], may: ['read', 'presence'] },
  'read+write': { words: ['write', 'no_presence'], may: ['read', 'write'] },
  'read+write+presence': { words: ['write'], may: ['read', 'write', 'presence'] },
  admin: { words: ['admin'], may: ['read', 'write', 'presence', 'admin'] },
};

/** Ways to change rights: where they are asked for, and what they leave of what there was. */
export const changes = {
  ...Object.fromEntries(
    Object.entries(sets).map(([name, { words, may }]) => [
      `capped at ${name}`,
      { page: 'rights', body: { rights: words, seconds: 60 }, left: (before) => before.filter((each) => may.includes(each)) },
    ]),
  ),
  closed: { page: 'close', body: { seconds: 60 }, left: () => [] },
  'granted write': { page: 'rights', body: { rights: ['write'], seconds: 60, grant: true }, left: (before) => [...new Set([...before, ...sets['read+write+presence'].may])] },
  'capped at read for those who are here': { page: 'rights', body: { rights: ['read'], seconds: 0 }, left: (before) => before.filter((each) => each === 'read'), is_passing: true },
};

/**
 * Sends until it is stopped, numbers from `first` on, `burst` of them each `every` ms, as long as fewer than `at_once` wait
 * for an answer; {sent, stop()}.
 */
export function load(client, { at_once = 4, every = 2, burst = 1, first = 1 } = {}) {
  const state = { sent: first - 1, is_stopped: false };
  const run = async () => {
    while (!state.is_stopped) {
      for (let i = 0; i < burst && !(client.waiting >= at_once); ++i) client.push(`load-${++state.sent}`);
      await pause(every);
    }
  };
  const running = run();
  state.stop = async () => {
    state.is_stopped = true;
    await running;
    await client.fence();
  };
  return state;
}

/** What has become of numbers 1 to `total`, `sent` of them before the change was answered, where `then` were there. */
export function what_came(sent, total, then, now) {
  const has = new Set(now);
  const all_from = (first) => Array.from({ length: total - first + 1 }, (_, i) => first + i).every((each) => has.has(each));
  if (now.length !== has.size) return 'some came twice';
  if (now.length === 0) return 'nothing';
  if (all_from(1)) return 'everything';
  if (Math.max(...now) <= sent && now.length === then.length) return 'nothing behind it';
  if (all_from(sent + 1)) return 'everything behind it';
  return `${then.length}, then ${now.length} up to ${Math.max(...now)} of ${total}, ${sent} before the answer`;
}
