import { byId, fromTemplate, setText, within } from '../dom.ts';

export interface Switcher {
  /** Hides what is of the others; once more when there is more on the page. */
  apply(): void;
  /** What stands behind a device's name: the other one may be in trouble unseen. */
  note(name: string, text: string): void;
}

/** On a small screen one device is shown at a time; this says which. On a large one it is not there. */
export function createSwitcher(names: readonly string[]): Switcher {
  const box = byId('switcher', HTMLFieldSetElement);
  const notes = new Map<string, HTMLElement>();
  let [shown] = names;
  box.hidden = names.length < 2;

  for (const [at, name] of names.entries()) {
    const choice = fromTemplate('switch-template', HTMLLabelElement);
    const radio = within(choice, 'input', HTMLInputElement);
    radio.value = name;
    radio.checked = at === 0;
    radio.dataset.testid = `switch-${name}`;
    setText(within(choice, 'b', HTMLElement), `Device ${name.toUpperCase()}`);
    notes.set(name, within(choice, 'i', HTMLElement));
    radio.addEventListener('change', () => {
      shown = name;
      apply();
    });
    box.append(choice);
  }
  apply();

  function apply(): void {
    for (const part of document.querySelectorAll<HTMLElement>('[data-of]')) {
      part.classList.toggle('is-off-screen', part.dataset.of !== shown);
    }
  }

  return {
    apply,
    note(name, text) {
      const element = notes.get(name);
      if (element !== undefined) setText(element, text);
    },
  };
}
