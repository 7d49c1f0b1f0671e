/** Hands out the bytes of a blob a piece at a time. */
export interface ReadAhead {
  /** Up to so many bytes from there on; fewer at the end of the blob, or of what was read at once. */
  read(offset: number, maxBytes: number): Promise<Uint8Array>;
}

/** Bytes that are read at once and kept until they are handed out: each reading of a Blob takes its turns. */
const SLAB_BYTES = 1024 * 1024;

export function createReadAhead(data: Blob): ReadAhead {
  let slab = new Uint8Array(0);
  let slabAt = 0;

  return {
    async read(offset, maxBytes) {
      const isInSlab = offset >= slabAt && offset < slabAt + slab.length;
      if (!isInSlab) {
        slab = new Uint8Array(await data.slice(offset, offset + SLAB_BYTES).arrayBuffer());
        slabAt = offset;
      }
      return slab.subarray(offset - slabAt, offset - slabAt + maxBytes);
    },
  };
}
