import { CloseCode } from '@breakwater/protocol';
import { createLifeMark, livesOfStateVector, livesOfUpdate } from './life-mark.ts';
import type { RoomMember, RoomPeer } from './room-peer.ts';
import { decodeYMessage, encodeStep1, encodeStep2, encodeUpdate } from './y-message.ts';

/** A peer that does not say of which generation its document is, and the member that it becomes. */
export interface MarkedPeer {
  readonly peer: RoomPeer;
  enter(member: RoomMember): RoomMember;
}

/**
 * Marks the documents of a peer with the life of the row, and turns the peer away when it comes with another mark: its old
 * text would come into the new row. The room itself knows nothing of marks.
 */
export function markPeer(peer: RoomPeer, life: number): MarkedPeer {
  const mark = createLifeMark(life);

  return {
    peer: {
      ...peer,
      opened(readOnly) {
        peer.opened(readOnly);
        peer.send(encodeUpdate(mark.update));
      },
      send: (message) => peer.send(withMark(message)),
    },
    enter: (member) => ({
      ...member,
      receive(message) {
        const lives = livesOf(message);
        if (lives.length === 0) return member.receive(message);
        if (lives.every((each) => each === life)) return member.receive(withoutMark(message));
        member.leave();
        peer.close(CloseCode.gone, 'the document was inserted anew; open it with a new Yjs document');
      },
    }),
  };

  /** Step 1 says that the server has the mark: so no answer brings it. */
  function withMark(bytes: Uint8Array): Uint8Array {
    const message = decodeYMessage(bytes);
    return message?.type === 'step1' ? encodeStep1(mark.addTo(message.stateVector)) : bytes;
  }

  /** A client that loads its document from elsewhere sends it as a whole. */
  function withoutMark(bytes: Uint8Array): Uint8Array {
    const message = decodeYMessage(bytes);
    if (message?.type === 'step2') return encodeStep2(mark.removeFrom(message.update));
    return message?.type === 'update' ? encodeUpdate(mark.removeFrom(message.update)) : bytes;
  }
}

/** What does not decode has none: the room says what is wrong with it. */
function livesOf(bytes: Uint8Array): number[] {
  try {
    const message = decodeYMessage(bytes);
    switch (message?.type) {
      case 'step1':
        return livesOfStateVector(message.stateVector);
      case 'step2':
      case 'update':
        return livesOfUpdate(message.update);
      default:
        return [];
    }
  } catch {
    return [];
  }
}
