/** Where one frame of a websocket lies in the bytes of one direction. */
export interface FrameSpan {
  /** 0: the HTTP head of the handshake; the frames of the websocket follow from 1 on. */
  readonly index: number;
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset behind its last byte; of an HTTP head undefined until all of it is here. */
  readonly end: number | undefined;
  /** Is all of it here? */
  readonly isWhole: boolean;
}

/** Reads along with the bytes of one direction. */
export interface FrameReader {
  /** The frames that these bytes begin, lengthen or end, in their order. */
  read(bytes: Uint8Array): FrameSpan[];
}

/** An HTTP head longer than this is none of a websocket. */
const MAX_HEAD_BYTES = 16 * 1024;

export function createFrameReader(): FrameReader {
  let index = 0;
  /** Of the frame that is being read. */
  let start = 0;
  let offset = 0;
  /** The first bytes of that frame, as many as its length may take to be known. */
  let begun: number[] = [];
  let end: number | undefined;

  function measure(): number | undefined {
    return index === 0 ? headLength(begun) : frameLength(begun);
  }

  function next(): void {
    index += 1;
    start = offset;
    begun = [];
    end = undefined;
  }

  /** Takes one byte of what says how long the frame is. */
  function begin(byte: number): void {
    begun.push(byte);
    offset += 1;
    const length = measure();
    if (length !== undefined) end = start + length;
    else if (begun.length > MAX_HEAD_BYTES) throw new RangeError('what goes over the line is no websocket');
  }

  return {
    read(bytes) {
      const spans: FrameSpan[] = [];
      const first = offset;
      const until = first + bytes.length;
      while (offset < until) {
        while (end === undefined && offset < until) begin(bytes[offset - first] ?? 0);
        if (end !== undefined) offset = Math.min(end, until);
        const isWhole = offset === end;
        spans.push({ index, start, end, isWhole });
        if (isWhole) next();
      }
      return spans;
    },
  };
}

const BLANK_LINE = [13, 10, 13, 10];

function headLength(begun: readonly number[]): number | undefined {
  return BLANK_LINE.every((byte, i) => begun[begun.length - BLANK_LINE.length + i] === byte) ? begun.length : undefined;
}

/** Of the header and what follows it; undefined while too little of the header is here. */
function frameLength([, second, ...rest]: readonly number[]): number | undefined {
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (rest.length < lengthBytes) return undefined;
  const length = lengthBytes === 0 ? short : rest.slice(0, lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  const maskBytes = second >= 0x80 ? 4 : 0;
  return 2 + lengthBytes + maskBytes + length;
}
