import { byId, setText } from '../dom.ts';

const REMEMBERED = 'fieldnotes-theme';

const LABELS = {
  system: 'Colours: as the system has them',
  light: 'Colours: light',
  dark: 'Colours: dark',
} as const;

type Theme = keyof typeof LABELS;

const NEXT: { readonly [T in Theme]: Theme } = { system: 'light', light: 'dark', dark: 'system' };

/** The button that goes from the system's colours to light ones, to dark ones, and back. */
export function createThemeButton(): void {
  const button = byId('theme', HTMLButtonElement);
  let theme = remembered();
  show();
  button.addEventListener('click', () => {
    theme = NEXT[theme];
    localStorage.setItem(REMEMBERED, theme);
    show();
  });

  function show(): void {
    document.documentElement.dataset.theme = theme;
    setText(byId('theme-label', HTMLElement), LABELS[theme]);
    button.title = LABELS[theme];
  }
}

function remembered(): Theme {
  const theme = localStorage.getItem(REMEMBERED);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}
