// A backend that edits one document over REST at a fixed pace. Prints one JSON object: how many edits were made, how long
// their answers took from the moment they were due, and what else came than 200. The exit code is 1 if anything did.
//
//   node editor.mjs PORT TOKEN DOCUMENT RATE SECONDS [CONNECTIONS]
import http from 'node:http';

const [port, token, document, rate, seconds, connections = 8] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
const body = JSON.stringify({ edits: [{ op: 'appendText', path: '/backend', text: 'x' }], origin: 'bench' });
const options = {
  agent,
  host: '127.0.0.1',
  port: Number(port),
  method: 'PATCH',
  path: `/api/v1/documents/${encodeURIComponent(document)}`,
  headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
};

const took = [];
const others = {};
const note = (what) => (others[what] = (others[what] ?? 0) + 1);
function edit(due) {
  return new Promise((done) => {
    const request = http.request(options, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) took.push(performance.now() - due);
        else note(response.statusCode);
        done();
      });
    });
    request.on('error', (error) => {
      note(error.code ?? error.message);
      done();
    });
    request.end(body);
  });
}

const begin = performance.now();
const count = Math.round(rate * seconds);
const under_way = [];
for (let next = 0; next < count; ) {
  const due = (next / rate) * 1000;
  const now = performance.now() - begin;
  if (due > now) await new Promise((go) => setTimeout(go, Math.min(5, due - now)));
  for (const until = performance.now() - begin; next < count && (next / rate) * 1000 <= until; ++next) under_way.push(edit(begin + (next / rate) * 1000));
}
await Promise.all(under_way);
const elapsed = (performance.now() - begin) / 1000;
agent.destroy();
took.sort((a, b) => a - b);
const at = (part) => Number((took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0).toFixed(2));
console.log(JSON.stringify({ edits: took.length, per_second: Number((took.length / elapsed).toFixed(1)), p50_ms: at(0.5), p99_ms: at(0.99), others }));
process.exit(Object.keys(others).length > 0 ? 1 : 0);
