/** One connection of a device: a queue of frames in each direction, delivered when the simulation says so. */
export interface Link {
  readonly up: FrameQueue;
  readonly down: FrameQueue;
  /** Has this end not noticed yet that the link is gone? */
  clientEnd: LinkEnd | undefined;
  serverEnd: LinkEnd | undefined;
  /** Drops what is on its way; from now on nothing is delivered, and each end notices in its time. */
  cut(): void;
  readonly isCut: boolean;
}

export interface FrameQueue {
  readonly length: number;
  send(frame: Uint8Array): void;
  take(index?: number): Uint8Array | undefined;
}

export interface LinkEnd {
  receive(frame: Uint8Array): void;
  lost(): void;
}

export function createLink(): Link {
  let isCut = false;
  const up = createFrameQueue(() => isCut);
  const down = createFrameQueue(() => isCut);
  return {
    up,
    down,
    clientEnd: undefined,
    serverEnd: undefined,
    cut() {
      isCut = true;
      while (up.take() !== undefined);
      while (down.take() !== undefined);
    },
    get isCut() {
      return isCut;
    },
  };
}

function createFrameQueue(isClosed: () => boolean): FrameQueue {
  const frames: Uint8Array[] = [];
  return {
    get length() {
      return frames.length;
    },
    send(frame) {
      if (!isClosed()) frames.push(frame);
    },
    take: (index = 0) => frames.splice(index, 1)[0],
  };
}
