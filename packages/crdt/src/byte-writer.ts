/**
 * Writes what `bytes.ts` and lib0's decoding read, into one buffer that every state uses again: a buffer of its own that
 * grows as it is written costs a small state more than its bytes do.
 */
export interface ByteWriter {
  uint8(byte: number): void;
  /** An integer from 0 up to 2^53 - 1, seven bits a byte, the lowest first. */
  uint(value: number): void;
  float64(value: number): void;
  /** Well-formed text as UTF-8, after the number of its bytes. */
  text(text: string): void;
  /** After their number. */
  bytes(bytes: Uint8Array): void;
  /** What was written since `begin`, as an array of its own. */
  end(): Uint8Array;
}

/** Longest text that is written character by character, which is faster than TextEncoder for short ones. */
const SHORT_TEXT = 24;
const MAX_UINT_BYTES = 8;
const MAX_UTF8_BYTES = 3;
/** Buffers larger than this are not kept. */
const KEPT_BYTES = 64 * 1024;

const encoder = new TextEncoder();
let buffer = new Uint8Array(1024);
let view = new DataView(buffer.buffer);
let length = 0;

const writer: ByteWriter = { uint8, uint, float64, text, bytes, end };

/** There is one writer: what was begun must end before another begins. */
export function beginBytes(): ByteWriter {
  length = 0;
  return writer;
}

function uint8(byte: number): void {
  reserve(1);
  buffer[length++] = byte;
}

function uint(value: number): void {
  reserve(MAX_UINT_BYTES);
  let rest = value;
  while (rest > 127) {
    buffer[length++] = 128 | (rest & 127);
    // Not by a shift: that would cut the number to 32 bits.
    rest = Math.floor(rest / 128);
  }
  buffer[length++] = rest;
}

function float64(value: number): void {
  reserve(8);
  view.setFloat64(length, value);
  length += 8;
}

function text(text: string): void {
  reserve(MAX_UINT_BYTES + text.length * MAX_UTF8_BYTES);
  if (text.length > SHORT_TEXT || !shortAscii(text)) utf8(text);
}

/** Writes nothing when it answers false. */
function shortAscii(text: string): boolean {
  const start = length + 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    buffer[start + i] = code;
  }
  buffer[length] = text.length;
  length = start + text.length;
  return true;
}

/** The number of bytes is known only after them. Room for it is left as if all of them were ASCII. */
function utf8(text: string): void {
  const start = length + uintSize(text.length);
  const { written } = encoder.encodeInto(text, buffer.subarray(start));
  const from = length + uintSize(written);
  if (from !== start) buffer.copyWithin(from, start, start + written);
  uint(written);
  length += written;
}

function uintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

function bytes(bytes: Uint8Array): void {
  uint(bytes.length);
  reserve(bytes.length);
  buffer.set(bytes, length);
  length += bytes.length;
}

function end(): Uint8Array {
  const written = buffer.slice(0, length);
  if (buffer.length > KEPT_BYTES) replaceBuffer(new Uint8Array(1024));
  return written;
}

function reserve(count: number): void {
  const needed = length + count;
  if (needed <= buffer.length) return;
  const larger = new Uint8Array(Math.max(needed, buffer.length * 2));
  larger.set(buffer.subarray(0, length));
  replaceBuffer(larger);
}

function replaceBuffer(next: Uint8Array<ArrayBuffer>): void {
  buffer = next;
  view = new DataView(buffer.buffer);
}
