/** Thrown by whatever waits for replication when it ends first. */
export class ReplicationEndedError extends Error {
  override readonly name = 'ReplicationEndedError';
  constructor(message = 'replication was cancelled') {
    super(message);
  }
}

/** Thrown by confirm when the server's answer did not come in time. */
export class ConfirmTimeoutError extends Error {
  override readonly name = 'ConfirmTimeoutError';
}

/** Thrown by signOut when a wipe would destroy changes that the server does not have. */
export class UnsentWritesError extends Error {
  override readonly name = 'UnsentWritesError';
  /** Documents with such changes, refused ones included. */
  readonly count: number;
  constructor(count: number) {
    super(
      `${count} changes are not on the server and would be lost; wait for awaitInSync() and settle what was refused, or call signOut({ wipe: true, discardUnsent: true })`,
    );
    this.count = count;
  }
}

/** Thrown by batch when it cannot be written as a whole. Nothing of it was written. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
}
