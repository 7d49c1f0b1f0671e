import type { JsonObject } from '@breakwater/crdt';
import type { Labels } from './labels.ts';
import type { CommittedRow } from './store.ts';

/** What happens at a server, told to the program that it runs in. What a hook throws or rejects with is logged and changes nothing. */
export interface ServerHooks {
  /** A session is let in: that of a device, or a socket of a room. */
  readonly onConnect?: (session: SessionInfo) => void | Promise<void>;
  /** A commit is on the disk: what was pushed, what was typed in a room, what the server itself wrote. */
  readonly onRows?: (commit: CommitInfo) => void | Promise<void>;
  /** A session has ended, with the close code of its socket; 1006: it was lost. */
  readonly onClose?: (session: SessionInfo, code: number) => void | Promise<void>;
}

export interface SessionInfo {
  /** As in the log. */
  readonly id: number;
  /** `/sync`, or the address of a room. */
  readonly path: string;
  readonly tenant: string;
  readonly user: string;
  readonly labels: Labels;
  /** Ends it: with 4401 the device asks for a new token, with 4403 it stops, with 1013 it comes back. */
  end(code: number, reason: string): void;
}

export interface CommitInfo {
  readonly tenant: string;
  /** In the order in which they were written. */
  readonly rows: readonly CommittedDocument[];
}

export interface CommittedDocument {
  readonly collection: string;
  readonly id: string;
  readonly seq: number;
  readonly deleted: boolean;
  /** As an app shows it, when the server knows the definitions. Of a deleted one, what it was. */
  readonly document: JsonObject;
  readonly labels: Labels;
}

/** The hooks, none of which can do harm. */
export interface SafeHooks {
  connected(session: SessionInfo): void;
  committed(tenant: string, rows: readonly CommittedRow[]): void;
  closed(session: SessionInfo, code: number): void;
}

export function createHooks({ onConnect, onRows, onClose }: ServerHooks, log: (line: string) => void): SafeHooks {
  return {
    connected(session) {
      if (onConnect) call('onConnect', () => onConnect(session));
    },
    committed(tenant, rows) {
      if (onRows && rows.length > 0) call('onRows', () => onRows({ tenant, rows: rows.map(toDocument) }));
    },
    closed(session, code) {
      if (onClose) call('onClose', () => onClose(session, code));
    },
  };

  function call(name: string, hook: () => void | Promise<void>): void {
    const fail = (error: unknown) => log(`${name} failed: ${error instanceof Error ? error.message : error}`);
    try {
      // Also of what only looks like a promise.
      void Promise.resolve(hook()).catch(fail);
    } catch (error) {
      fail(error);
    }
  }
}

function toDocument({ collection, id, seq, deleted, doc, labels }: CommittedRow): CommittedDocument {
  return { collection, id, seq, deleted, document: JSON.parse(doc), labels };
}
