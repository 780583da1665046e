// The dashboard in a real browser, of a node with documents, sessions and versions. Skipped where there is no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Y from 'yjs';

import { browser_command, use_windows } from './support/browser.mjs';
import { own_server } from './support/fixture.mjs';
import { temporary_folder } from './support/folder.mjs';
import { ask_admin } from './support/http.mjs';
import { until } from './support/wait.mjs';

const skip = !browser_command && 'chromium is needed, or a browser that TROUPE_BROWSER names';

/** A node with a document of three versions, a second document, and a client that shows its name. */
async function serve(context) {
  const data = temporary_folder();
  const use = await own_server(context, { 'storage.engine': 'rocksdb', 'storage.path': data });
  const ada = await use.client('plan').synced();
  ada.awareness.setLocalStateField('user', { name: 'Ada' });
  const keep = async (label) => {
    // Confirmed edits only come back once they are stored.
    const answer = await ask_admin(use.server, '/api/v1/documents/plan/versions', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ label }),
    });
    assert.equal(answer.status, 201, answer.body);
  };
  const stored = (what) => until(async () => (await ask_admin(use.server, '/api/v1/documents/plan/export?as=json')).body.includes(what), `the node has ${what}`);
  ada.text.insert(0, 'The plan: sail on Monday.');
  ada.doc.getMap('settings').set('color', 'blue');
  await stored('blue');
  await keep('first');
  ada.text.delete(ada.text.toString().indexOf('Monday'), 6);
  ada.text.insert(ada.text.length - 1, 'Tuesday');
  ada.doc.getMap('settings').set('color', 'green');
  const p = new Y.XmlElement('paragraph');
  ada.doc.getXmlFragment('page').insert(0, [p]);
  p.insert(0, [new Y.XmlText('Bring a hat')]);
  await stored('hat');
  await keep('second');
  ada.text.insert(0, 'Draft. ');
  await stored('Draft');
  await keep('third');
  const other = await use.client('team/notes').synced();
  other.text.insert(0, 'x');
  return { ...use, ada };
}

async function sign_in(page, token) {
  await page.run(`Object.assign(document.querySelector('#token'), { value: ${JSON.stringify(token)} }) && document.querySelector('#sign-in').requestSubmit()`);
}

const go = (page, hash) => page.run(`location.hash = ${JSON.stringify(hash)}`);
const set = (page, selector, value, event) => page.run(`Object.assign(document.querySelector('${selector}'), { value: ${JSON.stringify(value)} }).dispatchEvent(new Event('${event}'))`);

test('the dashboard asks for the token, and shows the node, its documents and its sessions', { skip }, async (context) => {
  const { server } = await serve(context);
  const { open } = await use_windows(context);
  const page = await open(`http://127.0.0.1:${server.admin_port}/`);
  assert.equal(await page.run(`document.querySelector('#view').childElementCount`), 0, 'nothing is shown without it');
  await sign_in(page, 'the-wrong-token');
  await page.until_shown('#refused', /does not know this token/);
  await sign_in(page, server.admin_token);
  await page.until_shown('#state', /^live$/);
  assert.equal(await page.run(`Object.values(localStorage).length + location.href.includes('token')`), 0);

  await page.until_shown('#view', /ready at/);
  await page.until_shown('#view', /it is in no cluster/);
  await page.until_shown('#view', /is measured where metrics\.port is set/);
  await page.until_shown('.charts', /1 min ago\s*now/);
  await page.until_shown('.charts', /Sessions[\s\S]*connected 2/);
  await page.until_shown('.charts', /received [\d.,]+\/s/);
  await until(() => page.run(`[...document.querySelectorAll('.line')].some((line) => line.getAttribute('d')?.includes('L'))`), 'lines are drawn', 20000);

  await go(page, '#/documents');
  await page.until_shown('#view', /plan[\s\S]*team\/notes/);
  await set(page, '#prefix', 'team/', 'input');
  await until(async () => !/plan/.test(await page.shown('#view table')), 'documents are found by how their names begin', 20000);
  await set(page, '#which', 'open', 'change');
  await page.until_shown('#view', /Open documents \(2\)/);

  await go(page, '#/sessions');
  await page.until_shown('#view', /Sessions \(2\)[\s\S]*Ada[\s\S]*127\.0\.0\.1[\s\S]*plan[\s\S]*y-websocket/);
  await page.click('#sign-out');
  assert.equal(await page.run(`document.querySelector('#view').childElementCount + Object.values(sessionStorage).length`), 0);
  assert.deepEqual(await page.mistakes(), []);
});

test('a document is shown as a tree, live, with its versions and what differs between them', { skip }, async (context) => {
  const { server, ada } = await serve(context);
  const { open } = await use_windows(context);
  const page = await open(`http://127.0.0.1:${server.admin_port}/#/documents/plan`);
  await sign_in(page, server.admin_token);
  await page.until_shown('#contents', /text: "Draft\. The plan: sail on Tuesday\."/);
  await page.run(`for (const closed of document.querySelectorAll('#contents details')) closed.open = true`);
  await page.until_shown('#contents', /settings: \{1\}[\s\S]*color: "green"/);
  await page.until_shown('#contents', /<paragraph> Bring a hat/);
  ada.doc.getMap('settings').set('<b>late</b>', [1, 2]);
  await page.until_shown('#contents', /<b>late<\/b>: \[2\]/);

  await page.until_shown('#which-version', /^3 of 3.*third/);
  await page.until_shown('#difference', /settings[\s\S]*<b>late<\/b>:\s+\[1,2\]/);
  await set(page, '#way', 'before', 'change');
  await page.until_shown('#difference', /Draft/);
  assert.equal(await page.run(`document.querySelector('#difference ins').textContent`), 'Draft. ');
  await set(page, '#version', '1', 'input');
  await page.until_shown('#which-version', /^2 of 3.*second/);
  await page.until_shown('#difference', /page/);
  const changed = await page.run(`[...document.querySelectorAll('#difference del, #difference ins')].map((each) => each.tagName + each.textContent)`);
  assert.ok(changed.includes('DEL"blue"') && changed.includes('INS"green"'), changed.join());
  assert.match(await page.shown('#difference'), /The plan: sail on /, 'what stays is around it');
  await set(page, '#way', 'contents', 'change');
  await set(page, '#version', '0', 'input');
  await page.until_shown('#difference', /text: "The plan: sail on Monday\."/);
  assert.deepEqual(await page.mistakes(), []);
});

test('a restore and a removal ask first, and are done', { skip }, async (context) => {
  const { server, ada } = await serve(context);
  const { open } = await use_windows(context);
  const page = await open(`http://127.0.0.1:${server.admin_port}/#/documents/plan`);
  await sign_in(page, server.admin_token);
  await page.until_shown('#which-version', /^3 of 3/);
  const press = (text) => page.run(`[...document.querySelectorAll('button')].find((each) => each.innerText === ${JSON.stringify(text)}).click()`);
  const is_open = () => page.run(`document.querySelector('#dialog').open`);

  await set(page, '#version', '0', 'input');
  await page.until_shown('#which-version', /^1 of 3/);
  await press('Restore…');
  assert.equal(await is_open(), true);
  await press('Cancel');
  assert.equal(ada.text.toString(), 'Draft. The plan: sail on Tuesday.');
  await press('Restore…');
  await press('Restore');
  await until(() => ada.text.toString() === 'The plan: sail on Monday.', 'the client sees the restore');
  await until(async () => !(await is_open()), 'the dialog is closed');
  await page.until_shown('#contents', /"The plan: sail on Monday\."/);

  await press('Remove the document…');
  const removing = `[...document.querySelectorAll('#dialog button')].find((each) => each.innerText === 'Remove the document')`;
  assert.equal(await page.run(`${removing}.disabled`), true, 'the name must be typed');
  await set(page, '#dialog-field', 'pla', 'input');
  assert.equal(await page.run(`${removing}.disabled`), true);
  await set(page, '#dialog-field', 'plan', 'input');
  await page.run(`${removing}.click()`);
  await until(() => page.run(`location.hash === '#/documents'`), 'the list is shown', 20000);
  assert.equal((await ask_admin(server, '/api/v1/documents/plan/export')).status, 410);
  assert.deepEqual(await page.mistakes(), []);
});
