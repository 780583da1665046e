// Waiting with a deadline. Every wait of the tests goes through until(), so a test that hangs says
// what it was waiting for instead of running into the runner's own limit.

let fatal; // what happened that makes all further waiting pointless

/** Makes every wait of this process, present and future, fail with `error`. */
export function give_up(error) {
  fatal ??= error;
}

/** Resolves after `ms` milliseconds. */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Polls `predicate` every 10 ms until it returns something truthy, and returns that.
 * Fails with a message that names `what`, and `describe()` when given, after `ms` milliseconds.
 */
export async function until(predicate, what, ms = 5000, describe = undefined) {
  const deadline = Date.now() + ms;
  for (;;) {
    if (fatal) throw fatal;
    const value = await predicate();
    if (value) return value;
    if (Date.now() >= deadline) {
      const seen = describe ? `; seen: ${describe()}` : '';
      throw new Error(`waited ${ms} ms in vain until ${what}${seen}`);
    }
    await pause(10);
  }
}

/** Resolves like `promise`, or fails with a message that names `what` after `ms` milliseconds. */
export async function within(promise, what, ms = 5000) {
  let outcome;
  promise.then(
    (value) => (outcome = { value }),
    (error) => (outcome = { error }),
  );
  await until(() => outcome, `there is ${what}`, ms);
  if (outcome.error) throw outcome.error;
  return outcome.value;
}
