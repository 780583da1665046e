// The board of the demo: notes in the map `board`, each a map with its place, its colour and a text that several people
// may type into; and the pointers of the others.
import { simpleDiffString } from 'lib0/diff';
import * as Y from 'yjs';

import { by_id, h } from '../shared/dom.js';
import { safe_color } from './guest.js';

const size = { width: 1200, height: 640 };
const note_size = { width: 190, height: 150 };
const papers = ['yellow', 'green', 'blue', 'pink'];
const pointer_ms = 50;

const within = (value, most) => Math.max(0, Math.min(most, Math.round(Number(value) || 0)));
const place = (x, y) => ({ x: within(x, size.width - note_size.width), y: within(y, size.height - note_size.height) });

/** Where a position is after the changes of others. */
function moved(position, delta) {
  let at = 0;
  for (const { retain = 0, insert = '', delete: removed = 0 } of delta) {
    if (at > position) break;
    if (insert && at <= position) position += insert.length;
    position -= Math.min(removed, Math.max(0, position - at));
    at += retain + insert.length;
  }
  return position;
}

/** What is typed goes into the text as the one place that differs, and what others type comes out of it. */
function bind(text, area) {
  area.value = text.toString();
  area.addEventListener('input', () => {
    const { index, remove, insert } = simpleDiffString(text.toString(), area.value);
    text.doc.transact(() => {
      text.delete(index, remove);
      text.insert(index, insert);
    }, area);
  });
  text.observe((event, transaction) => {
    if (transaction.origin === area) return;
    const selection = [moved(area.selectionStart, event.delta), moved(area.selectionEnd, event.delta)];
    area.value = text.toString();
    area.setSelectionRange(...selection);
  });
}

/** Moves a note by its bar: with the pointer, and with the arrow keys. */
function make_movable(bar, note) {
  const move = (x, y) => {
    const to = place(x, y);
    note.doc.transact(() => {
      for (const key of ['x', 'y']) if (note.get(key) !== to[key]) note.set(key, to[key]);
    });
  };
  bar.addEventListener('pointerdown', (down) => {
    if (down.target !== bar) return;
    const from = { x: note.get('x') - down.clientX, y: note.get('y') - down.clientY };
    bar.setPointerCapture(down.pointerId);
    bar.onpointermove = (event) => move(from.x + event.clientX, from.y + event.clientY);
    bar.onpointerup = bar.onpointercancel = () => (bar.onpointermove = null);
  });
  bar.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] }[event.key];
    if (!step || event.target !== bar) return;
    event.preventDefault();
    move(note.get('x') + step[0], note.get('y') + step[1]);
  });
}

export function open_board(doc, awareness) {
  const notes = doc.getMap('board');
  const surface = by_id('surface');
  const shown = new Map(); // by key: {note, element}
  const pointers = h('div', { 'aria-hidden': 'true' });
  surface.append(pointers);

  function make_element(key, note) {
    const area = h('textarea', { 'aria-label': 'Text of the note', spellcheck: 'false' });
    const recolor = () => note.set('color', papers[(papers.indexOf(note.get('color')) + 1) % papers.length]);
    const bar = h('div', { class: 'bar', tabindex: '0', role: 'group', 'aria-label': 'Note, arrow keys move it' },
      h('button', { type: 'button', 'aria-label': 'Another colour', onclick: recolor }, '◐'),
      h('button', { type: 'button', 'aria-label': 'Remove the note', onclick: () => notes.delete(key) }, '✕'));
    make_movable(bar, note);
    const text = note.get('text');
    if (text instanceof Y.Text) bind(text, area);
    return h('article', { class: 'note' }, bar, area);
  }

  function show() {
    for (const [key, { note, element }] of shown)
      if (notes.get(key) !== note) {
        element.remove();
        shown.delete(key);
      }
    for (const [key, note] of notes) {
      if (!(note instanceof Y.Map)) continue;
      if (!shown.has(key)) {
        const element = make_element(key, note);
        shown.set(key, { note, element });
        surface.append(element);
      }
      const { element } = shown.get(key);
      const { x, y } = place(note.get('x'), note.get('y'));
      element.style.transform = `translate(${x}px, ${y}px)`;
      element.dataset.color = papers.includes(note.get('color')) ? note.get('color') : papers[0];
    }
  }

  function add(x, y) {
    const note = new Y.Map(Object.entries({ ...place(x, y), color: papers[notes.size % papers.length], text: new Y.Text() }));
    const key = `${doc.clientID.toString(36)}-${Date.now().toString(36)}`;
    notes.set(key, note);
    shown.get(key)?.element.querySelector('textarea').focus();
  }

  function show_pointers() {
    const others = [...awareness.getStates()].filter(([id, state]) => id !== doc.clientID && state.pointer);
    pointers.replaceChildren(
      ...others.map(([, { pointer, user }]) => {
        const mark = h('span', { class: 'pointer' }, String(user?.name ?? ''));
        mark.style.setProperty('--color', safe_color(user?.color));
        mark.style.transform = `translate(${within(pointer.x, size.width)}px, ${within(pointer.y, size.height)}px)`;
        return mark;
      }),
    );
  }

  const position = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left + surface.scrollLeft, event.clientY - box.top + surface.scrollTop];
  };
  let told_at = 0;
  surface.addEventListener('pointermove', (event) => {
    if (event.timeStamp - told_at < pointer_ms) return;
    told_at = event.timeStamp;
    const [x, y] = position(event).map(Math.round);
    awareness.setLocalStateField('pointer', { x, y });
  });
  surface.addEventListener('pointerleave', () => awareness.setLocalStateField('pointer', null));
  surface.addEventListener('dblclick', (event) => event.target === surface && add(...position(event)));
  by_id('add').addEventListener('click', () => add(40 + (notes.size % 5) * 210, 40 + (Math.floor(notes.size / 5) % 3) * 170));
  notes.observeDeep(show);
  awareness.on('change', show_pointers);
  show();
}
