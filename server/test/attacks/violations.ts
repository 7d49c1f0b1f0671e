import { type Attack, attack } from './attack.ts';
import { type FrameOptions, frame, openSession } from './raw-socket.ts';

const PING = 9;
const CLOSE = 8;
const TEXT = 1;
const CONTINUATION = 0;

/** What RFC 6455 forbids, in a session that is live. */
export const VIOLATIONS: readonly Attack[] = [
  violation('the first reserved bit', /^close 1002/, { bits: 12 }),
  violation('the second reserved bit', /^close 1002/, { bits: 10 }),
  violation('the third reserved bit', /^close 1002/, { bits: 9 }),
  violation('a reserved opcode of data', /^close 1002/, { opcode: 3 }),
  violation('a reserved opcode of control', /^close 1002/, { opcode: 11 }),
  violation('a frame without a mask', /^close 1002/, { isMasked: false, payload: new Uint8Array(4) }),
  violation('a ping of 126 bytes', /^close 1002/, { opcode: PING, payload: new Uint8Array(126) }),
  violation('a ping in pieces', /^close 1002/, { bits: 0, opcode: PING }),
  violation('a continuation of nothing', /^close 1002/, { opcode: CONTINUATION }),
  violation('a message within another', /^close 1002/, { bits: 0 }, { opcode: 2 }),
  violation('a length beyond 2^53', /^close 1009/, { length: { code: 127, bytes: Buffer.alloc(8, 0x7f) } }),
  violation('a length with its first bit', /^close 10(02|09)/, { length: { code: 127, bytes: Buffer.alloc(8, 0xff) } }),
  violation('a length of 4 GiB', /^close 1009/, {
    length: { code: 127, bytes: Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]) },
  }),
  violation('a message of one byte too many', /^close 1009/, { payload: new Uint8Array(1024 * 1024 + 1) }),
  violation('a goodbye of one byte', /^close 1002/, { opcode: CLOSE, payload: new Uint8Array(1) }),
  violation('a goodbye with the code 1005', /^close 1002/, { opcode: CLOSE, payload: Buffer.from([3, 237]) }),
  violation('a goodbye with the code 999', /^close 1002/, { opcode: CLOSE, payload: Buffer.from([3, 231]) }),
  violation('a goodbye that is no UTF-8', /^close 1007/, { opcode: CLOSE, payload: Buffer.from([3, 232, 0xff, 0xfe]) }),
  violation('text', /^close 1007 text frames are no messages/, { opcode: TEXT, payload: Buffer.from('{}') }),
  violation('text that is no UTF-8', /^close 1007/, { opcode: TEXT, payload: Buffer.from([0xc3, 0x28]) }),
];

function violation(name: string, expected: RegExp, ...frames: FrameOptions[]): Attack {
  return attack(name, expected, async (target) => {
    const raw = await openSession(target);
    for (const each of frames) raw.write(frame(each));
    return [await raw.told];
  });
}
