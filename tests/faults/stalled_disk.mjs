// A disk that stalls under a running server: nothing that is written becomes durable. No client of any version may say
// that its edit is saved, neither one that was there nor one that has written before it came; when the disk goes on, all say
// so, and all of it is still there after a SIGKILL.
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Y } from '../interop/support/clients.mjs';
import { ask_admin } from '../interop/support/http.mjs';
import { version_client, versions } from '../interop/support/version_client.mjs';
import { folder_of_test, pause, report, server_with, settings_of } from './support.mjs';

const folder = folder_of_test('stalled');
const directory = path.join(folder, 'data');
const stall = path.join(folder, 'stall');
const settings = settings_of(directory);
const environment = { LD_PRELOAD: process.env.KILL_AT_LIBRARY ?? '', TROUPE_FAULT_PATH: directory, TROUPE_STALL_WHILE: stall };

const problems = [];
const counts = { versions: versions.length, looks: 0, lost: 0 };
const check = (holds, what) => holds || problems.push(what);

let server = await server_with(settings, environment);
const client_of = (version, document) => Object.assign(new version_client(server.url, document, `${document} ${version}`, { version }), { document });
const there = versions.map((version, i) => client_of(version, `there-${i}`));
for (const each of there) await each.synced();
for (const each of there) await each.ask('write', '<1>');
for (const each of there) await each.saved();

writeFileSync(stall, '');
// With documents of their own. What clients of y-websocket write before they are synced does not come back to them.
const newcomers = versions.flatMap((version, i) => (version.includes('websocket') ? [] : [client_of(version, `new-${i}`)]));
for (const each of [...there, ...newcomers]) await each.ask('write', '<2>');
for (let look = 0; look < 30; ++look) {
  await pause(100);
  for (const each of [...there, ...newcomers]) {
    ++counts.looks;
    check(!(await each.ask('progress')).saved, `${each.name} says that it is saved while the disk stalls`);
  }
}
rmSync(stall);
for (const each of [...there, ...newcomers]) await each.saved(20_000);
await server.kill();
for (const each of [...there, ...newcomers]) each.kill();

server = await server_with(settings);
for (const { document, version } of [...there, ...newcomers]) {
  const { status, bytes } = await ask_admin(server, `/api/v1/documents/${document}/export`);
  const doc = new Y.Doc();
  if (status === 200) Y.applyUpdate(doc, bytes);
  if (doc.getText('text').toString().includes('<2>')) continue;
  ++counts.lost;
  check(false, `${document} of ${version}: what was called saved is lost`);
}
await server.stop();
report('a disk that stalls', counts, [...new Set(problems)]);
process.exit();
