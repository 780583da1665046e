// Numbers and times as people read them.

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const rough = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const exact = new Intl.NumberFormat('en');

export const format_count = (value) => exact.format(value);
export const format_rate = (value) => count.format(value);

export function format_bytes(value) {
  let at = 0;
  for (; Math.abs(value) >= 1000 && at < 4; ++at) value /= 1000;
  return `${count.format(value)} ${['B', 'kB', 'MB', 'GB', 'TB'][at]}`;
}

export function format_seconds(value) {
  if (value >= 1) return `${rough.format(value)} s`;
  if (value >= 1e-3) return `${rough.format(value * 1e3)} ms`;
  return `${rough.format(value * 1e6)} µs`;
}

/** "1 min ago", "1.5 min ago" */
export const format_ago = (ms) => `${count.format(ms / 60_000)} min ago`;

/** "2026-11-29 12:08:05", in the time of the browser. */
export function format_time(iso) {
  if (!iso) return '';
  const at = new Date(iso);
  const two = (number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
