// What api/v1/metrics tells, from one time to the next: rates of counters, quantiles of histograms.

/** The sum of a metric over its labels, or over those that `labels` names; undefined if there is none. */
export function value_of(snapshot, name, labels = {}) {
  const rows = rows_of(snapshot, name, labels);
  return rows.length === 0 ? undefined : rows.reduce((sum, row) => sum + row.value, 0);
}

/** The largest value of a metric with labels; undefined if there is none. */
export function largest_of(snapshot, name) {
  const rows = rows_of(snapshot, name, {});
  return rows.length === 0 ? undefined : Math.max(...rows.map((row) => row.value));
}

const rows_of = (snapshot, name, labels) =>
  snapshot.metrics.filter((row) => row.name === name && Object.entries(labels).every(([key, value]) => row.labels?.[key] === value));

const seconds_between = (before, after) => Math.max(0.001, (Date.parse(after.at) - Date.parse(before.at)) / 1000);

/** How much a counter grew in a second; a node that was restarted counts from 0. */
export function rate_of(before, after, name, labels = {}) {
  const [was, is] = [value_of(before, name, labels), value_of(after, name, labels)];
  if (was === undefined || is === undefined) return undefined;
  return Math.max(0, is - was) / seconds_between(before, after);
}

/** Where a part of what was observed between the two lies below; undefined if nothing was. */
export function quantile_of(before, after, name, part, labels = {}) {
  const counts = new Map(); // by bound
  const add = (snapshot, sign) => {
    for (const row of rows_of(snapshot, name, labels))
      for (const [bound, count] of row.buckets) counts.set(bound ?? Infinity, (counts.get(bound ?? Infinity) ?? 0) + sign * count);
  };
  add(after, 1);
  add(before, -1);
  const buckets = [...counts].sort(([left], [right]) => left - right);
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const wanted = part * total;
  let below = 0;
  let from = 0;
  for (const [bound, count] of buckets) {
    if (count >= wanted) {
      if (bound === Infinity) return from;
      return from + ((bound - from) * (wanted - below)) / Math.max(1, count - below);
    }
    below = count;
    from = bound;
  }
  return from;
}
