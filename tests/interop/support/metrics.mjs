// What the exporter of a server tells, read as a scraper does.
import assert from 'node:assert/strict';
import net from 'node:net';

import { request } from './http.mjs';

/** A port that was free a moment ago; the exporter does not tell which one it took. */
export async function free_port() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The settings that make a server serve its metrics on `port`. */
export const with_metrics = (port) => ({ 'metrics.port': port });

/** Where a server that is ready says that its metrics are. */
export const metrics_port = (server) => Number(/^troupe serves its metrics on http:\/\/\S+:(\d+)\/metrics$/m.exec(server.stdout)[1]);

/** All that the exporter tells. */
export const scrape = async (port) => (await request({ port }, '/metrics')).body;

/** The value of the metric `name` whose labels hold `label`. */
export async function metric(port, name, label = '') {
  const line = (await scrape(port)).split('\n').find((one) => one.startsWith(name) && one.includes(label));
  assert.ok(line, `a line of ${name} with ${label}`);
  return Number(line.split(/\s+/)[1]);
}

/** How many connections were closed for `reason`. */
export const closed = (port, reason) => metric(port, 'troupe_closed_connections', `"${reason}"`);
