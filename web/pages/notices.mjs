// Writes NOTICES.txt: the licences of the packages whose code is in the pages.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const dist = process.argv[2];
const folders = new Set();
for (const page of ['dashboard', 'demo']) {
  const list = path.join(dist, `${page}.packages`);
  for (const folder of readFileSync(list, 'utf8').split('\n')) if (folder) folders.add(folder);
  rmSync(list);
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file && existsSync(path.join(folder, file)) ? readFileSync(path.join(folder, file), 'utf8').trim() : `Licence: ${license}`;
  return `${name} ${version} (${license})\n\n${text}\n`;
}

const notices = [...folders].map(notice).sort();
const head = 'The pages contain code of these packages.\n';
writeFileSync(path.join(dist, 'NOTICES.txt'), [head, ...notices].join(`\n${'-'.repeat(80)}\n\n`));
