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
