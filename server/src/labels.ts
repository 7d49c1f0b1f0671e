/** Who may read a row: any session with one of these labels. For now a row is everybody's of its tenant. */
export function labelsOf(tenant: string): readonly string[] {
  return [tenant];
}

/** What a session may read when its identity names no labels. */
export function defaultLabels(tenant: string): readonly string[] {
  return [tenant];
}

/** Two sessions with the same text may read the same rows. */
export function labelsText(labels: readonly string[]): string {
  return JSON.stringify([...labels].sort());
}

export function mayRead(sessionLabels: readonly string[], rowLabels: readonly string[]): boolean {
  return rowLabels.some((label) => sessionLabels.includes(label));
}
