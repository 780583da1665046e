// A real browser, where the machine has one, with pages that run yjs and y-websocket as they come from their packages.
// It is spoken to in its own debugging protocol, over a WebSocket, so no package is needed for it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

import { until, within } from './wait.mjs';

const packages = fileURLToPath(new URL('../node_modules', import.meta.url));
const names = [process.env.TROUPE_BROWSER, 'chromium', 'chromium-browser', 'google-chrome'];

/** The browser's command, or undefined if there is none. */
export const browser_command = names.find((name) => name && spawnSync(name, ['--version']).status === 0);

/** `lib0/encoding` and the like as paths below /packages, one for each file, so that none is loaded twice. */
function import_map() {
  const imports = { yjs: '/packages/yjs/dist/yjs.mjs', 'y-websocket': '/packages/y-websocket/src/y-websocket.js' };
  for (const name of ['lib0', 'y-protocols'])
    for (const file of readdirSync(path.join(packages, name)))
      if (file.endsWith('.js')) imports[`${name}/${file.slice(0, -3)}`] = `/packages/${name}/${file}`;
  return JSON.stringify({ imports });
}

/** The page: a document with its provider, and a <textarea> that shows the text and writes into it. */
const page = (server, document) => `<!doctype html><meta charset="utf-8"><textarea></textarea>
<script type="importmap">${import_map()}</script>
<script type="module">
  import * as Y from 'yjs';
  import { WebsocketProvider } from 'y-websocket';
  const doc = new Y.Doc();
  // Without the channel between tabs of one browser: all goes through the server.
  const provider = new WebsocketProvider(${JSON.stringify(server)}, ${JSON.stringify(document)}, doc, { disableBc: true });
  const text = doc.getText('text');
  const area = document.querySelector('textarea');
  text.observe(() => (area.value = text.toString()));
  area.addEventListener('input', ({ data }) => text.insert(text.length, data));
  Object.assign(window, { doc, provider, text, area });
</script>`;

/** Serves a page at every path, and the packages below `prefix`, until the test ends; resolves to the port. */
async function serve(context, html, prefix) {
  const web = http.createServer(({ url }, response) => {
    const file = url.startsWith(prefix) ? path.join(packages, url.slice(prefix.length)) : undefined;
    response.setHeader('Content-Type', file ? 'text/javascript' : 'text/html');
    response.end(file ? readFileSync(file) : html);
  });
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  context.after(() => web.close());
  return web.address().port;
}

class tab {
  constructor(browser, session, target) {
    Object.assign(this, { browser, session, target });
  }

  /** The value of an expression in the page; of a promise, what it resolves to. */
  async run(expression) {
    const { result, exceptionDetails } = await this.browser.ask(
      'Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }, this.session);
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }
  synced() {
    return until(() => this.run('window.provider?.synced === true'), 'the page is synced', 20000);
  }
  /** Types into the text area, a key at a time. */
  async type(text) {
    await this.run('area.focus()');
    for (const key of text) await this.browser.ask('Input.insertText', { text: key }, this.session);
  }
  /** Types into what has the focus, a key at a time. */
  async insert(text) {
    for (const key of text) await this.browser.ask('Input.insertText', { text: key }, this.session);
  }
  /** Presses a key by its name, as `ArrowDown`. */
  async press(key) {
    for (const type of ['keyDown', 'keyUp']) await this.browser.ask('Input.dispatchKeyEvent', { type, key, code: key }, this.session);
  }
  /** Clicks on the first element that a selector finds. */
  click(selector) {
    return this.run(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }
  /** The text that an element shows; '' if there is none. */
  shown(selector) {
    return this.run(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`);
  }
  /** Waits until an element shows a text that fits. */
  until_shown(selector, pattern, ms = 20000) {
    let text;
    const fits = async () => pattern.test((text = await this.shown(selector)));
    return until(fits, `${selector} shows ${pattern}`, ms, () => JSON.stringify(text));
  }
  /** What the page was not allowed to do, and what went wrong in its scripts. */
  mistakes() {
    return this.run('window.mistakes');
  }
  /** A picture of what is shown, as bytes of a PNG. */
  async picture({ width = 1280, height = 800, is_dark = false } = {}) {
    const ask = (method, params) => this.browser.ask(method, params, this.session);
    await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: is_dark ? 'dark' : 'light' }] });
    const { data } = await ask('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }
  close() {
    return this.browser.ask('Target.closeTarget', { targetId: this.target });
  }
}

/** Runs in each page before its own scripts. */
const watch_mistakes = `window.mistakes = [];
  addEventListener('securitypolicyviolation', (event) => mistakes.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
  addEventListener('error', (event) => mistakes.push(event.message ?? 'not loaded: ' + event.target?.src), true);
  addEventListener('unhandledrejection', (event) => mistakes.push(String(event.reason)));`;

class browser {
  #socket;
  #last_id = 0;
  #waiting = new Map();

  async connect(url) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (frame) => {
      const { id, result, error } = JSON.parse(frame);
      const answer = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) answer?.reject(new Error(error.message));
      else answer?.resolve(result);
    });
    await within(new Promise((resolve, reject) => this.#socket.once('open', resolve).once('error', reject)), 'a connection to the browser');
    return this;
  }
  ask(method, params = {}, sessionId = undefined) {
    const id = ++this.#last_id;
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error('the browser is gone'));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return within(new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject })), `an answer to ${method}`, 20000);
  }
  /** A page in a window of its own, which shares nothing with others. */
  async open(url) {
    const { browserContextId } = await this.ask('Target.createBrowserContext');
    const { targetId } = await this.ask('Target.createTarget', { url, browserContextId });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    return new tab(this, sessionId, targetId);
  }
  /** The same, with an eye on its mistakes from its first script on. */
  async open_watched(url) {
    const opened = await this.open('about:blank');
    await this.ask('Page.enable', {}, opened.session);
    await this.ask('Page.addScriptToEvaluateOnNewDocument', { source: watch_mistakes }, opened.session);
    // Each window behaves as the one in front.
    await this.ask('Emulation.setFocusEmulationEnabled', { enabled: true }, opened.session);
    await this.ask('Page.navigate', { url }, opened.session);
    await until(() => opened.run(`location.href !== 'about:blank' && document.readyState === 'complete'`), `${url} is loaded`, 20000);
    return opened;
  }
  close() {
    this.#socket?.terminate();
  }
}

/** Starts a browser for one test. */
async function start_browser(context) {
  const profile = mkdtempSync(path.join(tmpdir(), 'troupe-browser-'));
  const child = spawn(browser_command, [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage',
    '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank',
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const speaker = new browser();
  context.after(async () => {
    // It ends its own processes; where it does not, it is ended.
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await speaker.ask('Browser.close').catch(() => child.kill('SIGKILL'));
    await ended;
    clearTimeout(timer);
    speaker.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const found = await until(() => /DevTools listening on (ws:\S+)/.exec(said), 'the browser listens', 20000, () => said);
  return speaker.connect(found[1]);
}

/**
 * Starts a browser for one test, and a web server with a page for `document` of the server at `url`:
 * {open(host)} opens the page in a window of its own, as a page of `host`.
 */
export async function use_browser(context, url, document) {
  const port = await serve(context, page(url, document), '/packages/');
  const speaker = await start_browser(context);
  return { open: (host = '127.0.0.1') => speaker.open(`http://${host}:${port}/`) };
}

/** Likewise for a page of ours that finds its packages in node_modules: {open(query)}. */
export async function use_browser_on(context, html) {
  const port = await serve(context, html, '/node_modules/');
  const speaker = await start_browser(context);
  return { open: (query) => speaker.open(`http://127.0.0.1:${port}/?${query}`) };
}

/** Starts a browser for one test: {open(url)} opens any page in a window of its own, and watches its mistakes. */
export async function use_windows(context) {
  const speaker = await start_browser(context);
  return { open: (url) => speaker.open_watched(url) };
}
