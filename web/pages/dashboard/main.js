// The dashboard of a node: polls its admin pages with the token that the person has typed, and shows one view at a time.
import '../shared/base.css';
import './dashboard.css';

import { ask, forget_token, has_token, keep_token, refusal } from './api.js';
import { make_document } from './document.js';
import { make_documents, make_sessions } from './lists.js';
import { make_overview } from './overview.js';
import { by_id } from '../shared/dom.js';

const poll_ms = 2000;

let overview;
let view;
let leaving = new AbortController(); // of the view that is shown
let timer;

/** The view that the address names: '#/', '#/documents', '#/documents/NAME', '#/sessions'. */
function view_of(hash) {
  const [, first = '', second] = hash.replace(/^#/, '').split('/');
  if (first === 'documents' && second) return make_document(decodeURIComponent(second));
  if (first === 'documents') return make_documents();
  if (first === 'sessions') return make_sessions();
  return overview;
}

function show_state(text, look = 'faint') {
  by_id('state').textContent = text;
  by_id('state').className = look;
}

function sign_out(why = '') {
  forget_token();
  leaving.abort();
  clearTimeout(timer);
  view = undefined;
  overview = undefined;
  by_id('view').replaceChildren();
  by_id('sign-in').hidden = false;
  by_id('sign-out').hidden = true;
  by_id('refused').textContent = why;
  show_state('signed out');
  by_id('token').focus();
}

async function poll() {
  const [shown, { signal }] = [view, leaving];
  try {
    if (!document.hidden) {
      await shown.refresh(signal);
      if (shown !== overview) await overview.sample(signal);
      show_state('live', 'good');
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof refusal && error.status === 401) return sign_out('The node does not know this token.');
    show_state(error instanceof refusal ? error.message : 'the node does not answer', 'bad');
  }
  if (!signal.aborted) timer = setTimeout(poll, poll_ms);
}

function show_view() {
  if (!has_token()) return;
  leaving.abort();
  leaving = new AbortController();
  clearTimeout(timer);
  overview ??= make_overview();
  view = view_of(location.hash);
  for (const link of document.querySelectorAll('nav a')) {
    const target = link.getAttribute('href');
    const is_here = target === '#/' ? view === overview : location.hash.startsWith(target);
    if (is_here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  by_id('view').replaceChildren(view.element);
  poll();
}

async function sign_in(event) {
  event.preventDefault();
  keep_token(by_id('token').value.trim());
  try {
    await ask('api/v1/sessions?limit=1');
  } catch (error) {
    const is_wrong = error instanceof refusal && error.status === 401;
    return sign_out(is_wrong ? 'The node does not know this token.' : error.message);
  }
  by_id('token').value = '';
  begin();
}

function begin() {
  by_id('sign-in').hidden = true;
  by_id('sign-out').hidden = false;
  show_view();
}

by_id('sign-in').addEventListener('submit', sign_in);
by_id('sign-out').addEventListener('click', () => sign_out());
addEventListener('hashchange', show_view);
if (has_token()) begin();
else sign_out();
