// The demo: one document, whose name is ?doc= of the address, as a text and as a board.
import '../shared/base.css';
import './demo.css';

import { readAuthMessage } from 'y-protocols/auth';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

import { by_id, h, use_tabs } from '../shared/dom.js';
import { open_board } from './board.js';
import { open_editor } from './editor.js';
import { color_of, guest_name } from './guest.js';

/** Documents of the demo stay apart from those of an application, which may have other contents under the same names. */
const prefix = 'demo/';
const shared_name = 'welcome';
const token_key = 'troupe.demo.token';
const message_auth = 2;
/** Close codes after which another token helps. */
const asks_for_token = new Set([4001, 4401, 4403]);

const name = name_of_document();
const doc = new Y.Doc();
const provider = connect();
const { awareness } = provider;

/** That of the address; else the one that all share who open the address as the server prints it. */
function name_of_document() {
  const address = new URL(location.href);
  let found = address.searchParams.get('doc');
  if (!found) {
    found = shared_name;
    address.searchParams.set('doc', found);
    history.replaceState(null, '', address);
  }
  by_id('document').textContent = prefix + found;
  document.title = `${found} · troupe demo`;
  return found;
}

/** One that nobody has yet. */
function new_name() {
  return [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(36).padStart(2, '0')).join('');
}

/** Tokens travel as a subprotocol, so that no log has them. */
function protocols_for(token) {
  return token ? ['troupe', `troupe.token.${token}`] : [];
}

function connect() {
  const server = new URL('.', location.href);
  server.protocol = server.protocol.replace('http', 'ws');
  // Without the channel between tabs of one browser: all that is shown has come through the server.
  return new WebsocketProvider(server.href, prefix + encodeURIComponent(name), doc, {
    connect: false,
    disableBc: true,
    protocols: protocols_for(sessionStorage.getItem(token_key)),
  });
}

function show_state(text, look = 'faint') {
  const shown = by_id('state');
  shown.textContent = text;
  shown.className = look;
}

function ask_for_token(why) {
  by_id('why').textContent = why ? `The server says: ${why}.` : 'The server asks for a token.';
  by_id('ask').hidden = false;
  by_id('token').focus();
}

provider.on('status', ({ status }) => {
  if (status === 'connecting' && !by_id('ask').hidden) return;
  if (status !== 'connected') show_state(status === 'connecting' ? 'connecting' : 'not connected, changes are kept here', 'bad');
});
provider.on('sync', (is_synced) => {
  if (!is_synced) return;
  show_state('connected', 'good');
  by_id('ask').hidden = true;
});
provider.on('connection-close', (event) => {
  if (event?.code >= 4000) show_state(`not connected: ${event.reason || event.code}`, 'bad');
  if (asks_for_token.has(event?.code)) ask_for_token(event.reason);
});
provider.messageHandlers[message_auth] = (_, decoder) =>
  readAuthMessage(decoder, doc, (_doc, why) => show_state(`connected, but changes are refused: ${why}`, 'bad'));

by_id('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = by_id('token').value.trim();
  sessionStorage.setItem(token_key, token);
  provider.protocols = protocols_for(token);
  provider.disconnect();
  provider.connect();
});

// --- who is here ---

const user = { name: sessionStorage.getItem('troupe.demo.name') ?? guest_name(doc.clientID), color: color_of(doc.clientID) };
by_id('name').value = user.name;
by_id('name').addEventListener('input', ({ target }) => {
  user.name = target.value.trim() || guest_name(doc.clientID);
  sessionStorage.setItem('troupe.demo.name', user.name);
  awareness.setLocalStateField('user', { ...user });
});

function show_people() {
  const people = [...awareness.getStates()].filter(([, state]) => state.user?.name);
  by_id('people').replaceChildren(
    ...people.map(([id, state]) => {
      const shown = h('li', {}, `${state.user.name}${id === doc.clientID ? ' (you)' : ''}`);
      shown.style.borderColor = String(state.user.color);
      return shown;
    }),
  );
}
awareness.on('change', show_people);
awareness.setLocalStateField('user', { ...user });

by_id('new').addEventListener('click', () => (location.search = `?doc=${new_name()}`));
by_id('copy').addEventListener('click', async ({ target }) => {
  await navigator.clipboard?.writeText(location.href).catch(() => {});
  target.textContent = 'Copied';
  setTimeout(() => (target.textContent = 'Copy link'), 1500);
});

use_tabs(document.querySelector('[role="tablist"]'));
open_editor(doc, provider, user);
open_board(doc, awareness);
provider.connect();
addEventListener('pagehide', () => provider.disconnect());
addEventListener('pageshow', (event) => event.persisted && provider.connect());
// For whoever looks with the tools of the browser.
Object.assign(window, { troupe: { doc, provider } });
