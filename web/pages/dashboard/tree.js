// The contents of a document as a tree that opens by and by: JSON, and the elements of XML. Only what is open is made, and
// of a long list a part at a time.
import { h } from '../shared/dom.js';

const part_size = 100;
const text_shown_max = 2000;
/** Children of a root that is open at first. */
const small_root = 20;

const cut = (text) => (text.length > text_shown_max ? `${text.slice(0, text_shown_max)}… (${text.length} characters)` : text);

/** The elements of a text that Yjs prints as XML; undefined if it is none. */
function parse_xml(text) {
  if (!text.startsWith('<')) return undefined;
  const parsed = new DOMParser().parseFromString(`<root>${text}</root>`, 'application/xml');
  return parsed.querySelector('parsererror') ? undefined : parsed.documentElement;
}

/** What a node shows on its line, and its children as [name, node], or none. */
function describe(node) {
  if (node instanceof Element) {
    const children = [...node.childNodes].map((child) => ['', child]);
    const attributes = [...node.attributes].map(({ name, value }) => ` ${name}="${cut(value)}"`).join('');
    if (children.length === 1 && children[0][1] instanceof Text)
      return { kind: 'tag', text: `<${node.tagName}${attributes}>`, tail: cut(node.textContent) };
    return { kind: 'tag', text: `<${node.tagName}${attributes}>`, children };
  }
  if (node instanceof Text) return { kind: 'text', text: cut(node.data) };
  if (typeof node === 'string') return { kind: 'text', text: JSON.stringify(cut(node)) };
  if (node === null || typeof node !== 'object') return { kind: 'value', text: JSON.stringify(node) };
  const children = Object.entries(node);
  if (Array.isArray(node)) return { kind: 'brackets', text: `[${children.length}]`, children };
  return { kind: 'brackets', text: `{${children.length}}`, children };
}

const label_of = (name, { kind, text, tail }) => [
  name !== '' && h('span', { class: 'name' }, `${name}: `),
  h('span', { class: kind }, text),
  tail && h('span', { class: 'text' }, ` ${tail}`),
];

function fill(list, children, path, opened) {
  const add = (from) => {
    const rows = children.slice(from, from + part_size).map(([name, child], at) => h('li', {}, make_node(name, child, `${path}/${from + at}:${name}`, opened)));
    list.append(...rows);
    if (from + part_size >= children.length) return;
    const more = h('li', {}, h('button', { type: 'button', onclick: () => (more.remove(), add(from + part_size)) }, `${children.length - from - part_size} more`));
    list.append(more);
  };
  add(0);
}

function make_node(name, node, path, opened) {
  const described = describe(node);
  if (!described.children || described.children.length === 0) return h('span', { class: 'leaf' }, label_of(name, described));
  const list = h('ul', {});
  const made = h('details', {}, h('summary', {}, label_of(name, described)), list);
  const open = () => {
    if (!list.hasChildNodes()) fill(list, described.children, path, opened);
  };
  made.addEventListener('toggle', () => {
    if (!made.open) return opened.delete(path);
    opened.add(path);
    open();
  });
  if (opened.has(path)) {
    made.open = true;
    open();
  }
  return made;
}

/** The tree of a document's roots; `opened` holds which nodes are open, from one tree to the next. `shown` holds which
 * roots have been in a tree before: a small one is open at first. */
export function make_tree(contents, opened, shown) {
  const roots = Object.entries(contents).map(([name, value]) => [name, (typeof value === 'string' && parse_xml(value)) || value]);
  if (roots.length === 0) return h('p', { class: 'faint' }, 'The document is empty.');
  const list = h('ul', { class: 'tree' });
  for (const [name, root] of roots) {
    // A root of XML is a list of nodes; the element around them is ours.
    const node = root instanceof Element ? [...root.childNodes] : root;
    if (!shown.has(name) && (describe(node).children?.length ?? 0) <= small_root) opened.add(name);
    shown.add(name);
    list.append(h('li', {}, make_node(name, node, name, opened)));
  }
  return list;
}
