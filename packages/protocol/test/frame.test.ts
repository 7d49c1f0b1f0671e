import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkProperty } from '../../crdt/test/check-property.ts';
import { down, FIRST_OPTIONAL_KIND, type FrameCodec, FrameError, PROTOCOL_VERSION, up } from '../src/index.ts';
import { downMessages, upMessages } from './arbitraries.ts';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const directions = [
  { name: 'up', frames: upMessages.map((message) => up.encode(message)), codec: up as FrameCodec<{ type: string }> },
  {
    name: 'down',
    frames: downMessages.map((message) => down.encode(message)),
    codec: down as FrameCodec<{ type: string }>,
  },
];

function decodeOrRefuse(codec: FrameCodec<{ type: string }>, frame: Uint8Array): unknown {
  try {
    return codec.decode(frame);
  } catch (error) {
    expect(error).toBeInstanceOf(FrameError);
    return undefined;
  }
}

describe.each(directions)('$name', ({ frames, codec }) => {
  test('[PR10] a frame cut short is a FrameError', () => {
    checkProperty(
      fc.property(frames, fc.nat(), (frame, cut) => {
        expect(() => codec.decode(frame.subarray(0, cut % frame.length))).toThrow(FrameError);
      }),
      1000,
    );
  });

  test('[PR11] a frame with bytes after its end is a FrameError', () => {
    checkProperty(
      fc.property(frames, (frame) => {
        expect(() => codec.decode(new Uint8Array([...frame, 0]))).toThrow('bytes after its end');
      }),
    );
  });

  test('[PR12] a mutated frame is a message or a FrameError, nothing else', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    checkProperty(
      fc.property(frames, fc.array(change, { minLength: 1, maxLength: 3 }), (frame, changes) => {
        for (const [position, byte] of changes) frame[position % frame.length] = byte;
        decodeOrRefuse(codec, frame);
      }),
      3000,
    );
  });

  test('[PR13] random bytes are a message or a FrameError, nothing else', () => {
    checkProperty(
      fc.property(fc.nat(8), fc.uint8Array({ maxLength: 60 }), (kind, body) => {
        decodeOrRefuse(codec, new Uint8Array([kind, ...body]));
      }),
      3000,
    );
  });

  test('[PR14] an unknown kind is a FrameError, an unknown optional one is skipped', () => {
    const frameOf = (kind: number) => new Uint8Array([kind, 1, 2, 3]);
    expect(() => codec.decode(frameOf(0))).toThrow(FrameError);
    expect(() => codec.decode(frameOf(FIRST_OPTIONAL_KIND - 1))).toThrow('unknown kind 63');
    expect(codec.decode(frameOf(FIRST_OPTIONAL_KIND))).toBeUndefined();
    expect(codec.decode(bytesOf('ffff03 00'))).toBeUndefined();
  });
});

test('[PR15] an empty frame is a FrameError', () => {
  expect(() => up.decode(new Uint8Array())).toThrow(FrameError);
});

test('[PR16] encoding what is no message is a FrameError', () => {
  expect(() => up.encode({ type: 'pong', request: 1, reconnectSpreadMs: 0 } as never)).toThrow(FrameError);
});

describe('[PR17] bytes that break a rule of the format are a FrameError', () => {
  test.each([
    ['a number beyond 2^53', '04 ffffffffffffffff7f'],
    ['a number without an end', `04 ${'80'.repeat(400)}01`],
    ['a text that is no UTF-8', '02 01 01ff 00 00'],
    ['unknown flags of a row', '03 01 01 00 01 00 00 04 00'],
    ['a list longer than its frame', '03 01 ffffffffffff07'],
    ['row bytes longer than their frame', '03 01 01 00 01 00 00 00 ffffffffffff07'],
  ])('%s', (_name, hex) => {
    expect(() => up.decode(bytesOf(hex))).toThrow(FrameError);
  });
});

test('[PR18] last is 0 or 1', () => {
  expect(() => down.decode(bytesOf('02 01 00 00 00 02'))).toThrow(FrameError);
});

test('[PR19] the versions of a connect are read whatever a later version writes behind them', () => {
  const later = PROTOCOL_VERSION + 1;
  const frame = new Uint8Array([1, later, later + 1, 255, 255, 255]);
  expect(up.decode(frame)).toEqual({
    type: 'connect',
    versions: [later, later + 1],
    token: '',
    replica: '',
    inflates: false,
  });
});
