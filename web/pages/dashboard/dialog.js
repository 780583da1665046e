// Asks before something is changed that cannot be taken back at once.
import { by_id, h } from '../shared/dom.js';

/**
 * Resolves to true once the person has said yes, or to what was typed where `field` names a field, and to false if not.
 * `typed`: a text that must be typed before the button works. `run` is called in between: while it fails, the dialog stays
 * and shows why.
 */
export function confirm_in_dialog({ title, text, button, typed, field, is_danger = true, run }) {
  const dialog = by_id('dialog');
  return new Promise((resolve) => {
    const why = h('p', { class: 'bad', role: 'alert' });
    const input = (typed || field) && h('input', { type: 'text', id: 'dialog-field', autocomplete: 'off', maxlength: '600' });
    const yes = h('button', { type: 'button', class: is_danger ? 'danger' : 'main', disabled: Boolean(typed) }, button);
    const no = h('button', { type: 'button' }, 'Cancel');
    const end = (value) => {
      dialog.oncancel = null;
      dialog.close();
      resolve(value);
    };
    const go = async () => {
      if (yes.disabled) return;
      yes.disabled = true;
      try {
        await run?.(input?.value);
        end(input && field ? input.value : true);
      } catch (error) {
        why.textContent = error.message;
        yes.disabled = false;
      }
    };
    if (typed) input.addEventListener('input', () => (yes.disabled = input.value !== typed));
    input?.addEventListener('keydown', ({ key }) => key === 'Enter' && go());
    yes.addEventListener('click', go);
    no.addEventListener('click', () => end(false));
    dialog.oncancel = () => end(false);
    const parts = [
      h('h2', { id: 'dialog-title' }, title),
      h('p', {}, text),
      input && h('label', { class: 'row', for: 'dialog-field' }, typed ? `Type ${typed} to go on: ` : `${field}: `, input),
      why,
      h('div', { class: 'row end' }, no, yes),
    ];
    dialog.replaceChildren(...parts.filter(Boolean));
    dialog.showModal();
    (input || no).focus();
  });
}
