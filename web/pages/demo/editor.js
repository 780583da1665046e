// The text of the demo: Tiptap on the XML fragment `text`, with the cursors of the others and their names.
import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import StarterKit from '@tiptap/starter-kit';

import { by_id, h } from '../shared/dom.js';
import { safe_color } from './guest.js';

/** What the toolbar has: its label, its mark or node, and what it does. */
const tools = [
  { label: 'Bold', is: ['bold'], run: (chain) => chain.toggleBold() },
  { label: 'Italic', is: ['italic'], run: (chain) => chain.toggleItalic() },
  { label: 'Heading', is: ['heading', { level: 2 }], run: (chain) => chain.toggleHeading({ level: 2 }) },
  { label: 'List', is: ['bulletList'], run: (chain) => chain.toggleBulletList() },
  { label: 'Quote', is: ['blockquote'], run: (chain) => chain.toggleBlockquote() },
  { label: 'Code', is: ['codeBlock'], run: (chain) => chain.toggleCodeBlock() },
  { label: 'Undo', run: (chain) => chain.undo() },
  { label: 'Redo', run: (chain) => chain.redo() },
];

/** Styles are set by script: the page allows none in its HTML. */
function render_caret(user) {
  const label = h('span', { class: 'caret-name' }, String(user.name ?? ''));
  const caret = h('span', { class: 'caret' }, '\u2060', label, '\u2060');
  for (const element of [caret, label]) element.style.setProperty('--color', safe_color(user.color));
  return caret;
}

export function open_editor(doc, provider, user) {
  const editor = new Editor({
    element: by_id('editor'),
    injectCSS: false,
    editorProps: { attributes: { 'aria-label': 'Text of the document', role: 'textbox', 'aria-multiline': 'true' } },
    extensions: [
      StarterKit.configure({ undoRedo: false, link: { openOnClick: false } }),
      Collaboration.configure({ fragment: doc.getXmlFragment('text') }),
      CollaborationCaret.configure({
        provider,
        user,
        render: render_caret,
        selectionRender: (other) => ({ class: 'selected', style: `background-color: ${safe_color(other.color)}44` }),
      }),
    ],
  });
  const buttons = tools.map(({ label, run }) =>
    h('button', { type: 'button', onclick: () => run(editor.chain().focus()).run() }, label),
  );
  by_id('tools').append(...buttons);
  editor.on('transaction', () => {
    for (const [at, { is }] of tools.entries()) if (is) buttons[at].setAttribute('aria-pressed', String(editor.isActive(...is)));
  });
  return editor;
}
