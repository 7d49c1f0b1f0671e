import type { Server } from 'node:http';

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Browsers take `localhost` for either of them, whatever else listens on the other. */
const LOCALHOST = ['127.0.0.1', '::1'];

/** How often another free port is tried when one is free on the first address only. */
const FREE_PORT_ATTEMPTS = 10;

/**
 * Listens on every address that the host means, on one port. `createServer` makes a server for each.
 *
 * @throws the error of the first address that cannot be had; then nothing listens.
 */
export async function listenOn(createServer: () => Server, { host, port }: ListenOptions): Promise<Server[]> {
  const hosts = host === 'localhost' ? LOCALHOST : [host];
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOnAll(createServer, hosts, port);
    } catch (error) {
      if (port !== 0 || codeOf(error) !== 'EADDRINUSE' || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}

async function listenOnAll(createServer: () => Server, hosts: readonly string[], port: number): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const host of hosts) {
      const server = createServer();
      const isNeeded = servers.length === 0;
      if (await tryListen(server, { host, port: portOf(servers[0]) ?? port }, isNeeded)) servers.push(server);
    }
    return servers;
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

/** False: the machine has no such address, and it is not needed. */
async function tryListen(server: Server, address: ListenAddress, isNeeded: boolean): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return true;
  } catch (error) {
    if (!isNeeded && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error))) return false;
    throw error;
  }
}

export function portOf(server: Server | undefined): number | undefined {
  const address = server?.address();
  return typeof address === 'object' ? address?.port : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
