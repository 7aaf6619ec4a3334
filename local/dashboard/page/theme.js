// Light, dark, or as the system has it.

import { setText } from './dom.js';

const THEMES = ['auto', 'light', 'dark'];

/**
 * Let a button go through the themes, from the one that was chosen last.
 *
 * @param onChange called whenever colours are others
 */
export function startTheme(button, onChange) {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = remembered();
  function show() {
    document.documentElement.dataset.theme = chosen === 'auto' ? (system.matches ? 'dark' : 'light') : chosen;
    setText(button, `Theme: ${chosen}`);
    onChange();
  }
  button.addEventListener('click', () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    remembered(chosen);
    show();
  });
  system.addEventListener('change', show);
  show();
}

/** Storage may be forbidden, as in a page from a file. */
function remembered(theme) {
  try {
    if (theme !== undefined) localStorage.setItem('theme', theme);
    const stored = localStorage.getItem('theme');
    return THEMES.includes(stored) ? stored : 'auto';
  } catch {
    return theme ?? 'auto';
  }
}
