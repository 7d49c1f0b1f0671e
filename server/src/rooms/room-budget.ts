/**
 * Keeps a document from growing beyond what its room may hold. To measure a document costs as much as the document is
 * large; so it is estimated, too high rather than too low, and measured only when the estimate reaches the limit.
 */
export interface RoomBudget {
  /** May an update of so many bytes with so many new structs come in? */
  admits(bytes: number, structs: number): boolean;
  /** It came in. */
  add(bytes: number, structs: number): void;
}

export interface RoomSize {
  readonly bytes: number;
  readonly structs: number;
}

export interface RoomBudgetOptions {
  readonly limit: RoomSize;
  readonly measure: () => RoomSize;
}

export function createRoomBudget({ limit, measure }: RoomBudgetOptions): RoomBudget {
  let estimate = measure();
  let isExact = true;

  return {
    admits(bytes, structs) {
      if (fits(bytes, structs)) return true;
      if (isExact) return false;
      estimate = measure();
      isExact = true;
      return fits(bytes, structs);
    },
    add(bytes, structs) {
      estimate = { bytes: estimate.bytes + bytes, structs: estimate.structs + structs };
      isExact = false;
    },
  };

  function fits(bytes: number, structs: number): boolean {
    return estimate.bytes + bytes <= limit.bytes && estimate.structs + structs <= limit.structs;
  }
}
