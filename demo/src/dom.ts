/** The element with this id, which the page's own markup promises. */
export function byId<T extends Element>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`index.html has no ${type.name} with the id '${id}'`);
}

/** The first element inside `root` that matches, which the markup promises. */
export function within<T extends Element>(root: ParentNode, selector: string, type: abstract new () => T): T {
  const element = root.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`index.html has no ${type.name} matching '${selector}'`);
}

/** The part of this name: what is on the page once for each device has no id. */
export function partOf<T extends Element>(root: ParentNode, name: string, type: abstract new () => T): T {
  return within(root, `[data-part="${name}"]`, type);
}

/** A copy of what is inside the template with this id. */
export function fromTemplate<T extends Element>(id: string, type: abstract new () => T): T {
  const element = byId(id, HTMLTemplateElement).content.firstElementChild?.cloneNode(true);
  if (element instanceof type) return element;
  throw new Error(`the template '${id}' holds no ${type.name}`);
}

/** Sets the text only if it is another one, so that nothing is laid out, or read aloud, for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
