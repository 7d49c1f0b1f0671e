/** One connection of a device: a queue of frames in each direction, delivered when the simulation says so. */
export interface Link {
  readonly up: FrameQueue;
  readonly down: FrameQueue;
  /** Has this end not noticed yet that the link is gone? */
  clientEnd: LinkEnd | undefined;
  serverEnd: LinkEnd | undefined;
  /** Drops what is on its way; from now on nothing is delivered, and each end notices in its time. */
  readonly cut: () => void;
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

export interface LinkOptions {
  /** The device has sent this. */
  readonly onSent: (frame: Uint8Array) => void;
  readonly onCut: () => void;
}

export function createLink({ onSent, onCut }: LinkOptions): Link {
  let isCut = false;
  const isClosed = () => isCut;
  const up = createFrameQueue(isClosed, onSent);
  const down = createFrameQueue(isClosed);
  return {
    up,
    down,
    clientEnd: undefined,
    serverEnd: undefined,
    cut() {
      if (isCut) return;
      isCut = true;
      while (up.take() !== undefined);
      while (down.take() !== undefined);
      onCut();
    },
    get isCut() {
      return isCut;
    },
  };
}

function createFrameQueue(isClosed: () => boolean, onSent: (frame: Uint8Array) => void = () => {}): FrameQueue {
  const frames: Uint8Array[] = [];
  return {
    get length() {
      return frames.length;
    },
    send(frame) {
      if (isClosed()) return;
      onSent(frame);
      frames.push(frame);
    },
    take: (index = 0) => frames.splice(index, 1)[0],
  };
}
