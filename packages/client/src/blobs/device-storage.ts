/** What the platform says of the room that this origin has on the device. */
export interface StorageUsage {
  /** Bytes used by everything of this origin, about; undefined: the platform does not say. */
  readonly usage: number | undefined;
  /** Bytes that it may use; undefined: the platform does not say. */
  readonly quota: number | undefined;
  /** Has the platform promised to remove nothing by itself? */
  readonly persisted: boolean;
}

/** How much room the data of this origin takes on the device, and how much it may take. */
export async function storageUsage(): Promise<StorageUsage> {
  const storage = storageManager();
  const [estimate, persisted] = await Promise.all([storage?.estimate?.(), storage?.persisted?.()]);
  return { usage: estimate?.usage, quota: estimate?.quota, persisted: persisted ?? false };
}

/** Asks the platform not to remove the data when it runs out of room. Browsers may ask the user. */
export async function askToPersist(): Promise<boolean> {
  const storage = storageManager();
  if (await storage?.persisted?.()) return true;
  return (await storage?.persist?.()) ?? false;
}

/** Node, and pages without TLS, have none. */
function storageManager(): Partial<StorageManager> | undefined {
  const platform: { readonly navigator?: { readonly storage?: Partial<StorageManager> } } = globalThis;
  return platform.navigator?.storage;
}
