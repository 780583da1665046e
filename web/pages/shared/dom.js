// Elements without a framework: h('p', { class: 'faint' }, 'text', child). Text is never read as HTML.

/** An element with attributes, `on…` handlers and children; children that are null or false are left out. */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== 'list' && typeof value !== 'string') made[key] = value;
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const by_id = (id) => document.getElementById(id);

/** Tabs as WAI-ARIA describes them: arrow keys move between them. `on_shown` hears the panel's id. */
export function use_tabs(list, on_shown = () => {}) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const show = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute('aria-selected', String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      by_id(tab.getAttribute('aria-controls')).hidden = tab !== chosen;
    }
    on_shown(chosen.getAttribute('aria-controls'));
  };
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener('click', () => show(tab));
    tab.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = tabs[(at + step + tabs.length) % tabs.length];
      next.focus();
      show(next);
    });
  }
  show(tabs.find((tab) => tab.getAttribute('aria-selected') === 'true') ?? tabs[0]);
}
