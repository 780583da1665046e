// The demo in a real browser: two windows type at once, see each other's cursors and names, and share a board. Skipped
// where there is no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser_command, use_windows } from './support/browser.mjs';
import { own_server } from './support/fixture.mjs';
import { serve_with_tokens, token } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

const skip = !browser_command && 'chromium is needed, or a browser that TROUPE_BROWSER names';
const demo = (server, document) => `http://127.0.0.1:${server.port}/demo?doc=${document}`;
const connected = (page) => page.until_shown('#state', /^connected$/);

const text_of = (page) => page.run(`troupe.doc.getXmlFragment('text').toString()`);
const letters = (text) => text.replaceAll(/<[^>]*>/g, '');

/** Waits until both show the same text, with as many letters. */
async function converged(pages, count) {
  let shown;
  const is_same = async () => {
    shown = await Promise.all(pages.map(text_of));
    return shown.every((text) => text === shown[0]) && letters(shown[0]).length === count;
  };
  await until(is_same, `both show one text of ${count} letters`, 20000, () => JSON.stringify(shown));
  return letters(shown[0]);
}

/** Two windows with names. */
async function open_two(context, url) {
  const { open } = await use_windows(context);
  const [ada, bob] = [await open(url), await open(url)];
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob']]) {
    await connected(page);
    await page.run(`Object.assign(document.querySelector('#name'), { value: ${JSON.stringify(name)} }).dispatchEvent(new Event('input'))`);
  }
  return [ada, bob];
}

const no_mistakes = async (...pages) => {
  for (const page of pages) assert.deepEqual(await page.mistakes(), []);
};

test('two windows type at once, have one text, and see whose cursor is where', { skip }, async (context) => {
  const { server } = await own_server(context);
  const [ada, bob] = await open_two(context, demo(server, 'notes'));
  await Promise.all([ada, bob].map((page) => page.run(`document.querySelector('.tiptap').focus()`)));
  await Promise.all([ada.insert('hello from ada '), bob.insert('HELLO FROM BOB ')]);
  const text = await converged([ada, bob], 30);
  assert.equal(text.replaceAll(/[^a-z]/g, ''), 'hellofromada');
  assert.equal(text.replaceAll(/[^A-Z]/g, ''), 'HELLOFROMBOB');
  await ada.until_shown('.caret-name', /^Bob$/);
  await bob.until_shown('.caret-name', /^Ada$/);
  assert.notEqual(await ada.run(`getComputedStyle(document.querySelector('.caret-name')).backgroundColor`), 'rgba(0, 0, 0, 0)', 'the colour got past the policy');
  await ada.until_shown('#people', /Ada \(you\)\s*Bob/);
  await bob.until_shown('#people', /Bob \(you\)/);

  await ada.run('troupe.provider.disconnect()');
  await ada.until_shown('#state', /^not connected/);
  await ada.insert('offline');
  await ada.run('troupe.provider.connect()');
  await connected(ada);
  await converged([ada, bob], 37);
  await bob.run(`document.querySelector('#tools button').click()`); // bold
  await no_mistakes(ada, bob);
});

test('two windows share a board: notes, their places, and text in one note at once', { skip }, async (context) => {
  const { server } = await own_server(context);
  const [ada, bob] = await open_two(context, demo(server, 'plans'));
  for (const page of [ada, bob]) await page.click('#tab-board');
  await ada.click('#add');
  await until(() => bob.run(`document.querySelectorAll('.note').length === 1`), 'Bob sees the note', 20000);
  for (const page of [ada, bob]) await page.run(`document.querySelector('.note textarea').focus()`);
  await Promise.all([ada.insert('first '), bob.insert('SECOND ')]);
  const values = async () => Promise.all([ada, bob].map((page) => page.run(`document.querySelector('.note textarea').value`)));
  await until(async () => (await values()).every((value, _, all) => value === all[0] && value.length === 13), 'both have one text', 20000);
  assert.equal((await values())[0].replaceAll(/[^a-z]/g, ''), 'first');

  const place = (page) => page.run(`document.querySelector('.note').style.transform`);
  const before = await place(ada);
  await bob.run(`document.querySelector('.note .bar').focus()`);
  await bob.press('ArrowRight');
  await until(async () => (await place(ada)) !== before, 'Ada sees the note move', 20000);
  assert.equal(await place(ada), await place(bob));
  await bob.run(`document.querySelector('.note [aria-label^="Remove"]').click()`);
  await until(() => ada.run(`document.querySelectorAll('.note').length === 0`), 'the note is gone for Ada', 20000);
  await no_mistakes(ada, bob);
});

test('windows that open the address as it is printed share a document, until one asks for a new one', { skip }, async (context) => {
  const { server } = await own_server(context);
  const { open } = await use_windows(context);
  const [first, second] = [await open(`http://127.0.0.1:${server.port}/demo`), await open(`http://127.0.0.1:${server.port}/demo`)];
  for (const page of [first, second]) await connected(page);
  await first.run(`document.querySelector('.tiptap').focus()`);
  await first.insert('shared');
  await converged([first, second], 6);
  const shared = await first.run('location.href');
  assert.match(shared, /\/demo\?doc=welcome$/);

  await second.click('#new');
  await until(async () => (await second.run('location.href').catch(() => shared)) !== shared, 'the address has changed', 20000);
  await connected(second);
  assert.match(await second.run('location.href'), /\/demo\?doc=\w+$/);
  assert.equal(letters(await text_of(second)), '');
  await no_mistakes(first, second);
});

test('where tokens are needed the page asks for one, and keeps it out of addresses', { skip }, async (context) => {
  const server = await serve_with_tokens(context);
  const { open } = await use_windows(context);
  const page = await open(demo(server, 'plan'));
  await page.until_shown('#why', /Token missing/);
  const enter = (value) => page.run(`Object.assign(document.querySelector('#token'), { value: ${JSON.stringify(value)} }) && document.querySelector('#ask').requestSubmit()`);
  await enter(token({ sub: 'ada', docs: [{ name: 'plan', rights: 'write' }] }));
  await page.until_shown('#why', /No right to this document/);
  await enter(token({ sub: 'ada', docs: [{ prefix: 'demo/', rights: 'write' }] }));
  await connected(page);
  assert.equal(await page.run(`document.querySelector('#ask').hidden`), true);
  assert.doesNotMatch(await page.run('troupe.provider.url + location.href'), /token/);
  await page.run('location.reload()').catch(() => {});
  await until(() => page.run('window.troupe?.provider.synced === true').catch(() => false), 'it is remembered in the tab', 20000);

  const reader = await open(demo(server, 'plan'));
  await reader.until_shown('#why', /Token missing/);
  await reader.run(`Object.assign(document.querySelector('#token'), { value: ${JSON.stringify(token({ sub: 'eve', docs: [{ prefix: 'demo/', rights: 'read' }] }))} }) && document.querySelector('#ask').requestSubmit()`);
  await reader.until_shown('#state', /^connected/);
  await reader.run(`document.querySelector('.tiptap').focus()`);
  await reader.insert('x');
  await reader.until_shown('#state', /changes are refused/);
});
