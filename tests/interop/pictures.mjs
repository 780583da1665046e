// Takes the pictures of docs/images anew: a server, some clients, and the pages in a real browser. Not a test.
//
//   TROUPE_BINARY=build/release/troupe node tests/interop/pictures.mjs
import { mkdirSync, writeFileSync } from 'node:fs';

import { use_windows } from './support/browser.mjs';
import { yjs_client } from './support/clients.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { free_port } from './support/metrics.mjs';
import { start_server } from './support/server.mjs';
import { pause } from './support/wait.mjs';

const folder = new URL('../../docs/images/', import.meta.url);
const ends = [];
const context = { after: (end) => ends.unshift(end) };
const sentences = ['The ferry leaves at nine.', 'Bring a hat and water.', 'We meet at the pier.', 'Lunch is on the island.', 'Back by six.'];

/** A server with its data on disk, as a user has it. */
async function serve() {
  const data = temporary_folder();
  const server = await start_server({ 'storage.engine': 'rocksdb', 'storage.path': data, 'metrics.port': await free_port() });
  context.after(() => server.stop());
  return server;
}

/** Clients that type until the end. */
async function keep_busy(server) {
  const names = ['team/plan', 'team/minutes', 'wiki/start', 'wiki/ferries', 'notes/ada', 'notes/bob'];
  const clients = names.flatMap((name, at) => Array.from({ length: 2 + (at % 3) }, () => new yjs_client(server.url, name)));
  for (const [at, client] of clients.entries()) {
    await client.synced();
    client.awareness.setLocalStateField('user', { name: ['Ada', 'Bob', 'Cleo', 'Dan'][at % 4] });
    client.doc.getMap('settings').set('color', 'blue');
  }
  let count = 0;
  const timer = setInterval(() => {
    const { text } = clients[count % clients.length];
    text.insert(text.length, `${sentences[count++ % sentences.length]} `);
    if (text.length > 400) text.delete(0, 100);
  }, 25);
  context.after(() => {
    clearInterval(timer);
    for (const client of clients) client.destroy();
  });
}

async function keep_version(server, name, label) {
  const body = JSON.stringify({ label });
  await ask_admin(server, `/api/v1/documents/${encodeURIComponent(name)}/versions`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
}

const save = async (name, page, size) => writeFileSync(new URL(name, folder), await page.picture(size));

async function picture_demo(server, open) {
  const url = `http://127.0.0.1:${server.port}/demo?doc=excursion`;
  const [ada, bob] = [await open(url), await open(url)];
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob']]) {
    await page.until_shown('#state', /^connected$/);
    await page.run(`Object.assign(document.querySelector('#name'), { value: '${name}' }).dispatchEvent(new Event('input'))`);
    await page.run(`document.querySelector('.tiptap').focus()`);
  }
  await ada.run(`document.querySelectorAll('#tools button')[2].click()`);
  await ada.insert('Excursion to the island');
  await ada.press('Enter');
  await pause(300);
  for (const sentence of sentences.slice(0, 3)) await ada.insert(`${sentence} `);
  await ada.press('Enter');
  await pause(500);
  await bob.run(`getSelection().selectAllChildren(document.querySelector('.tiptap p')); getSelection().collapseToEnd()`);
  await bob.insert('Does anybody have a tent? ');
  await pause(800);
  await save('demo.png', ada, { width: 1100, height: 560 });
  for (const page of [ada, bob]) await page.click('#tab-board');
  for (const text of ['Tickets: Ada', 'Food: Bob\n\n* bread\n* cheese', 'Who brings the tent?']) {
    await ada.click('#add');
    await ada.insert(text);
  }
  await bob.run(`document.querySelector('#surface').dispatchEvent(new PointerEvent('pointermove', { clientX: 620, clientY: 520, bubbles: true }))`);
  await pause(500);
  await save('board.png', ada, { width: 1100, height: 640, is_dark: true });
}

async function picture_dashboard(server, open) {
  const page = await open(`http://127.0.0.1:${server.admin_port}/`);
  await page.run(`Object.assign(document.querySelector('#token'), { value: '${server.admin_token}' }) && document.querySelector('#sign-in').requestSubmit()`);
  await page.until_shown('#state', /^live$/);
  const plan = await new yjs_client(server.url, 'excursion').synced();
  context.after(() => plan.destroy());
  plan.text.insert(0, 'An excursion.');
  await pause(1000);
  await keep_version(server, 'excursion', 'first draft');
  plan.text.insert(0, `${sentences.join(' ')} `);
  plan.doc.getMap('settings').set('start', '9:00');
  await pause(1000);
  await keep_version(server, 'excursion', 'sent to all');
  plan.text.delete(plan.text.toString().indexOf('nine'), 4);
  plan.text.insert(20, 'eight');
  plan.text.insert(plan.text.length, ' If it rains, we go on Sunday.');
  plan.doc.getMap('settings').set('start', '8:00');
  await pause(62000);
  await save('dashboard.png', page, { width: 1280, height: 900 });
  await page.run(`location.hash = '#/documents/excursion'`);
  await page.until_shown('#which-version', /sent to all/);
  await pause(1500);
  await page.run(`document.querySelector('#which-version').closest('section').scrollIntoView()`);
  await save('versions.png', page, { width: 1100, height: 860 });
}

mkdirSync(folder, { recursive: true });
try {
  const server = await serve();
  await keep_busy(server);
  const { open } = await use_windows(context);
  await picture_demo(server, open);
  await picture_dashboard(server, open);
} finally {
  for (const end of ends) await end();
}
