export type TextField = HTMLInputElement | HTMLTextAreaElement;

/** Puts another text into a field and leaves the caret where it was in the words around it. */
export function replaceText(element: TextField, text: string): void {
  const { value, selectionStart, selectionEnd } = element;
  element.value = text;
  // Setting a selection pulls the focus to the field in some browsers, so only where it already is.
  if (document.activeElement !== element || selectionStart === null || selectionEnd === null) return;
  element.setSelectionRange(movedCaret(selectionStart, value, text), movedCaret(selectionEnd, value, text));
}

function movedCaret(caret: number, before: string, after: string): number {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  if (caret <= start) return caret;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return after.length - Math.min(end, before.length - caret);
}
