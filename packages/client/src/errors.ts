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

/** Thrown when the bytes of an attachment are not on the device, and cannot be had now. */
export class AttachmentMissingError extends Error {
  override readonly name = 'AttachmentMissingError';
  readonly collection: string;
  /** Of the document. */
  readonly id: string;
  /** Of the attachment within its document. */
  readonly attachment: string;
  constructor(
    { collection, id, name }: { readonly collection: string; readonly id: string; readonly name: string },
    why = 'and nothing replicates that could fetch them',
    message = `the bytes of '${name}' of '${id}' in ${collection} are not on this device, ${why}`,
  ) {
    super(message);
    this.collection = collection;
    this.id = id;
    this.attachment = name;
  }
}

/** Thrown when the device has no room left for what is to be stored. Nothing of the write is stored. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
  constructor(cause: unknown) {
    super('the device has no room left for this; remove something, or free space on the device, and write it again', {
      cause,
    });
  }
}
