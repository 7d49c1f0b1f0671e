/** Each with enough contrast under a white name, and apart from the others. */
const COLORS = ['#b3261e', '#9a4a00', '#6b5e00', '#2e6b1f', '#00696e', '#1f5fae', '#5a48b8', '#9a2f86'] as const;

/**
 * The colours of a user's cursor and selection, the same on every device, in the shape in which the editor bindings of the
 * Yjs family read them: `awareness.setLocalStateField('user', { name, ...userColors(name) })`.
 *
 * @param user Whatever names the user: an id or a name.
 */
export function userColors(user: string): { readonly color: string; readonly colorLight: string } {
  let hash = 0x811c9dc5;
  for (let i = 0; i < user.length; i++) hash = Math.imul(hash ^ user.charCodeAt(i), 0x01000193);
  const color = COLORS[(hash >>> 0) % COLORS.length] ?? COLORS[0];
  return { color, colorLight: `${color}33` };
}
