import { byId, setText } from '../dom.ts';

/** A short message at the edge of the window, with at most one thing to do about it. */
export interface Toast {
  show(text: string, action?: ToastAction): void;
}

export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

const SHOWN_MS = 7000;

export function createToast(): Toast {
  const box = byId('toast', HTMLElement);
  const button = byId('toast-action', HTMLButtonElement);
  let hideTimer: ReturnType<typeof setTimeout> | undefined;
  let run = () => {};

  button.addEventListener('click', () => {
    hide();
    run();
  });

  function hide(): void {
    clearTimeout(hideTimer);
    box.hidden = true;
  }

  return {
    show(text, action) {
      setText(byId('toast-text', HTMLElement), text);
      button.hidden = action === undefined;
      setText(button, action?.label ?? '');
      run = action?.run ?? (() => {});
      box.hidden = false;
      clearTimeout(hideTimer);
      hideTimer = setTimeout(hide, SHOWN_MS);
    },
  };
}
