import { ServerOptionsError } from './server-options-error.ts';

/** What stands before all paths of the server, for a proxy that serves other things beside it. */
export interface PathPrefix {
  /** The path, and what follows it, as if there were no prefix; undefined: it does not begin with that. */
  strip(url: string): string | undefined;
  /** Is it the prefix alone, without the slash behind it? Relative addresses of a page there would lead elsewhere. */
  isBare(url: string): boolean;
}

/** What probes the process itself, and not by way of the proxy, need not know of the prefix. */
const UNPREFIXED = ['/health', '/ready'];

/** @param prefix Such as `/breakwater`; nothing: none. @throws ServerOptionsError when it is no path. */
export function createPathPrefix(prefix = ''): PathPrefix {
  if (!/^(\/[\w.~-]+)*$/.test(prefix) || /\/\.\.?(\/|$)/.test(prefix)) {
    throw new ServerOptionsError(
      `'${prefix}' of BREAKWATER_PATH_PREFIX (the option pathPrefix) is no path; set one such as /breakwater.`,
    );
  }
  return {
    strip(url) {
      if (UNPREFIXED.includes(url)) return url;
      return url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : undefined;
    },
    isBare: (url) => prefix !== '' && url.split('?')[0] === prefix,
  };
}
