// Light, dark, or as the system has it.

import { setText } from './dom.js';

const THEMES = ['auto', 'light', 'dark'];
const root = document.documentElement;

/**
 * Let a button go through the themes, from the one that was chosen last.
 *
 * @param onChange called whenever colours are others
 */
export function startTheme(button, onChange) {
  function set(theme) {
    if (theme === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme;
    setText(button, `Theme: ${theme}`);
    onChange();
  }
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? 'auto') + 1) % THEMES.length];
    remembered(next);
    set(next);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  set(remembered());
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
