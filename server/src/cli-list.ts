/** Names with commas between them. Undefined: there are none. */
export function readList(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(',').map((name) => name.trim());
  const given = names?.filter((name) => name !== '');
  return given === undefined || given.length === 0 ? undefined : given;
}
