/** Why somebody may not be in a room, or no longer: a close code, and words for people. */
export interface RoomRefusal {
  readonly code: number;
  readonly reason: string;
}

export function refuse(code: number, reason: string): RoomRefusal {
  return { code, reason };
}
