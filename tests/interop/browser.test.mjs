// Two pages in a real browser edit one document, with yjs and y-websocket as they come from their packages. Skipped
// where there is no browser (chromium, or what TROUPE_BROWSER names).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser_command, use_browser } from './support/browser.mjs';
import { own_server } from './support/fixture.mjs';
import { until } from './support/wait.mjs';

const skip = !browser_command && 'chromium is needed, or a browser that TROUPE_BROWSER names';

/** Waits until the pages show the same text, of `length` characters, and returns that. */
async function converged(pages, length) {
  let shown;
  const is_same = async () => {
    shown = await Promise.all(pages.map((page) => page.run('area.value')));
    return shown.every((text) => text === shown[0] && text.length === length);
  };
  await until(is_same, `all show one text of ${length} characters`, 20000, () => JSON.stringify(shown));
  return shown[0];
}

const shown_by = (page) => page.run(`[...provider.awareness.getStates().values()].map((state) => state.user).filter(Boolean).sort().join()`);

test('two pages of a browser edit one document, see each other, and one that comes back has all', { skip }, async (context) => {
  const use = await own_server(context);
  const { open } = await use_browser(context, use.server.url, 'a');
  const [ada, bob] = [await open(), await open()];
  await Promise.all([ada.synced(), bob.synced()]);
  await Promise.all([ada.type('hello from ada '), bob.type('HELLO FROM BOB ')]);
  const both = await converged([ada, bob], 30);
  assert.equal(both.replaceAll(/[^a-z]/g, ''), 'hellofromada');
  assert.equal(both.replaceAll(/[^A-Z]/g, ''), 'HELLOFROMBOB');

  await ada.run(`provider.awareness.setLocalState({ user: 'ada' })`);
  await bob.run(`provider.awareness.setLocalState({ user: 'bob' })`);
  for (const page of [ada, bob]) await until(async () => (await shown_by(page)) === 'ada,bob', 'both are seen', 20000);
  await bob.close();
  await until(async () => (await shown_by(ada)) === 'ada', 'who has left is seen no more', 20000);

  await ada.run('provider.disconnect()');
  await ada.type('offline');
  const program = await (await use.client('a')).synced();
  program.text.insert(0, 'meanwhile ');
  await ada.run('provider.connect()');
  const late = await open();
  await late.synced();
  assert.match(await converged([ada, late], 47), /^meanwhile .*offline$/);
});

test('a page that comes back is seen at once, though it shows itself under the clock that the others know', { skip }, async (context) => {
  const use = await own_server(context);
  const { open } = await use_browser(context, use.server.url, 'a');
  const [ada, bob, program] = [await open(), await open(), use.client('a')];
  await Promise.all([ada.synced(), bob.synced(), program.synced()]);
  const id = await bob.run('doc.clientID');
  const clocks = async () => [
    await bob.run('provider.awareness.meta.get(doc.clientID).clock'),
    await ada.run(`provider.awareness.meta.get(${id})?.clock`),
    program.awareness.meta.get(id)?.clock,
  ];
  const is_seen = async () => (await shown_by(ada)) === 'bob' && program.awareness.getStates().get(id)?.user === 'bob';
  const is_gone = async () => (await shown_by(ada)) === '' && !program.awareness.getStates().has(id);

  const ways = { 'leaves and returns': 'provider.disconnect()', 'loses its connection': 'provider.shouldConnect = false; provider.ws.close()' };
  for (const [what, leave] of Object.entries(ways)) {
    // The renewal that would show the page again without the server's help comes 15 s after this.
    await bob.run(`provider.awareness.setLocalState({ user: 'bob' })`);
    await until(async () => (await is_seen()) && new Set(await clocks()).size === 1, 'the page is seen', 20000);
    await bob.run(leave);
    await until(is_gone, `a page that ${what} is gone`, 5000);
    assert.equal(new Set(await clocks()).size, 1, 'the others know the clock under which it will show itself');
    await bob.run('provider.connect()');
    await bob.synced();
    await until(is_seen, `a page that ${what} is seen again`, 2000);
  }
});

test('a page of elsewhere cannot connect', { skip }, async (context) => {
  const use = await own_server(context);
  const { open } = await use_browser(context, use.server.url, 'a');
  const here = await open('localhost');
  await here.synced();
  const elsewhere = await open('elsewhere.localhost');
  await until(() => elsewhere.run(`window.provider?.wsUnsuccessfulReconnects > 0`), 'it was refused', 20000);
  assert.equal(await elsewhere.run('provider.synced'), false);
});
