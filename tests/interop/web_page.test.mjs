// The example page web/index.html: what it imports is there, and it works in a real browser.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { browser_command, use_browser_on } from './support/browser.mjs';
import { own_server } from './support/fixture.mjs';
import { until } from './support/wait.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const read = (file) => readFileSync(path.join(here, file), 'utf8');
const html = read('../../web/index.html');
const map = JSON.parse(/<script type="importmap">([\s\S]*?)<\/script>/.exec(html)[1]).imports;
const skip = !browser_command && 'chromium is needed, or a browser that TROUPE_BROWSER names';

/** The modules that a text imports. */
const imports_of = (text) =>
  [...text.matchAll(/^\s*(?:import\s+(?:[\w*{}\s,$]+\s+from\s+)?|export\s+(?:\*|\{[^}]*\})(?:\s+as\s+\w+)?\s+from\s+)['"]([^'"]+)['"]/gm)].map((match) => match[1]);

test('the page names each module that it needs, and each of them is a file', () => {
  const needed = new Set();
  const files = new Set();
  const walk = (names, folder) => {
    for (const name of names) {
      if (!name.startsWith('.')) needed.add(name);
      const file = name.startsWith('.') ? path.join(folder, name) : map[name];
      assert.ok(file, `${name} is in the import map`);
      assert.ok(existsSync(path.join(here, file)), `${name} is ${file}`);
      if (files.has(path.normalize(file))) continue;
      files.add(path.normalize(file));
      walk(imports_of(read(file)), path.dirname(file));
    }
  };
  walk(imports_of(html), '.');
  assert.deepEqual([...needed].sort(), Object.keys(map).sort());
});

test('the page has the packages that are tested', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  for (const [name, version] of Object.entries(JSON.parse(read('../../web/package.json')).dependencies))
    assert.equal(version, dependencies[name], name);
});

test('two tabs with the page edit one text and show who is there', { skip }, async (context) => {
  const use = await own_server(context);
  const { open } = await use_browser_on(context, html);
  const query = `server=${encodeURIComponent(use.server.url)}&doc=notes`;
  const [ada, bob] = [await open(query), await open(query)];
  const value = (page) => page.run(`document.querySelector('textarea').value`);
  const shows = (page, text) => until(async () => (await value(page)) === text, `"${text}" is shown`, 20000, () => value(page));
  for (const page of [ada, bob]) {
    await until(() => page.run(`document.querySelector('textarea')?.disabled === false`), 'the page is synced', 20000);
    await page.run(`window.area = document.querySelector('textarea')`);
  }
  await ada.type('hello world');
  await shows(bob, 'hello world');
  await bob.run('area.focus(); area.setSelectionRange(6, 6)');
  await ada.run('area.setSelectionRange(0, 5)');
  await ada.type('😀 dear');
  await shows(bob, '😀 dear world');
  await bob.type('new '); // where the caret was: before "world"
  await shows(ada, '😀 dear new world');
  const program = await (await use.client('notes')).synced();
  assert.equal(program.text.toString(), '😀 dear new world');
  const people = (page) => page.run(`document.querySelectorAll('#people span').length`);
  for (const page of [ada, bob]) await until(async () => (await people(page)) === 2, 'both are shown', 20000);
  assert.match(await ada.run(`document.querySelector('#status').textContent`), /^connected: document "notes" at ws:/);
});
