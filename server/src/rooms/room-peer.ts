/** What a room needs of whoever is in it: a channel of a session, or a socket of its own. */
export interface RoomPeer {
  readonly tenant: string;
  readonly user: string;
  readonly labels: readonly string[];
  /** The same object for everything that one session does, its pushes too. */
  readonly session: object;
  /** It is in the room: messages follow. */
  opened(readOnly: boolean): void;
  /** One message of the y-websocket protocol. */
  send(message: Uint8Array): void;
  /** Is so much unsent that news must wait? Whoever says yes calls `drained` of its member later. */
  isFull(): boolean;
  /** The room is closed to it. */
  close(code: number, reason: string): void;
  /** Is it still there? If not, it shall leave soon. */
  probe(): void;
}

/** One peer in one room. */
export interface RoomMember {
  /** Takes one message of the y-websocket protocol; done when the next may come. Never rejects. */
  receive(message: Uint8Array): Promise<void> | void;
  /** The peer has room again. */
  drained(): void;
  leave(): void;
}
