import type { Limits } from '@breakwater/protocol';
import type { Authorize } from './authorize.ts';
import type { BlobOptions } from './blobs/blob-options.ts';
import type { CollectionNames } from './collection-names.ts';
import type { ConnectionOptions } from './connection-caps.ts';
import type { ServerHooks } from './hooks.ts';
import type { Authenticate } from './identity.ts';
import type { LabelsOf } from './labels.ts';
import type { Log } from './log.ts';
import type { MetricsOptions } from './metrics-listener.ts';
import type { AuthorizeRoom } from './rooms/room-permission.ts';
import type { Store } from './store.ts';
import type { JwtOptions } from './token-authentication.ts';
import type { TombstoneOptions } from './tombstones.ts';

export interface ServerOptions extends ServerHooks {
  /** Default: a SQLite store in `dataDir`. The server closes it. */
  readonly store?: Store;
  /** Holds the database, and the bytes of attachments below `blobs`: both belong together. Default: `./data`. */
  readonly dataDir?: string;
  /**
   * The only collections there are. Default: whatever clients name.
   *
   * With what `defineCollections` answers, rows that do not fit their schema are refused, and the documents in the
   * database are readable. A field that a new version of the app *requires* belongs in here once all devices write it.
   */
  readonly collections?: CollectionNames;
  /** Lets in whoever has a token (JWT) that was signed with this key. */
  readonly jwt?: JwtOptions;
  /** In place of `jwt`. With neither everybody is the user `anonymous` of the tenant `default`, on loopback only. */
  readonly authenticate?: Authenticate;
  /** True: on other addresses than loopback, too, everybody is let in and may read and write everything. Default: false. */
  readonly open?: boolean;
  /** Default: whoever is let in may write everything of the tenant. */
  readonly authorize?: Authorize;
  /** By which labels a document may be read. Default: by its tenant's name, which is every session's label by default. */
  readonly labelsOf?: LabelsOf;
  /** Who may be in a room, where several type into one document. Default: see {@link AuthorizeRoom}. */
  readonly authorizeRoom?: AuthorizeRoom;
  /** What a session may send. Clients are told, and keep to it. Default: {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits>;
  /** How many connections there may be. */
  readonly connections?: ConnectionOptions;
  /**
   * Addresses or networks (`10.0.0.0/8`) of proxies before the server, whose word for where a connection comes from counts
   * (X-Forwarded-For). Default: none.
   */
  readonly trustedProxies?: readonly string[];
  readonly tombstones?: TombstoneOptions;
  /** The bytes of attachments. */
  readonly blobs?: BlobOptions;
  /**
   * How long `close` may take, in milliseconds: for what was typed in rooms to come into the rows, and for clients to say
   * goodbye. Nothing that was acknowledged, or that others have seen, depends on it. Default: 10,000.
   */
  readonly closeWithinMs?: number;
  /** Origins whose pages may connect, such as `https://app.example.com`. Default: pages of the server's own host. */
  readonly allowedOrigins?: readonly string[];
  /**
   * What stands before all paths, such as `/breakwater`, for a proxy that passes only these on: sessions are then at
   * `/breakwater/sync`. `/health` and `/ready` are answered without it, too. Default: nothing.
   */
  readonly pathPrefix?: string;
  /** A directory of files to serve over HTTP: text compressed, what Vite named after its content to be kept for good. */
  readonly staticDir?: string;
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
  /** What happens, in words and fields. Default: lines of JSON on stderr, from `info` on. */
  readonly log?: Log;
  /** Serves figures for Prometheus at `/metrics` of a port of their own. Default: nothing is counted. */
  readonly metrics?: MetricsOptions;
}
