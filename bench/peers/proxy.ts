import { type Calls, type Child, startChild } from '../child.ts';

export interface WireBytes {
  readonly up: number;
  readonly down: number;
}

export interface ProxyApi extends Calls {
  /** Passes on to a port of this machine; resolves with its own port. */
  listen(port: number): Promise<number>;
  /** Bytes since it was asked last. */
  counted(): Promise<WireBytes>;
}

export interface CountingProxy {
  readonly port: number;
  counted(): Promise<WireBytes>;
  end(): Promise<void>;
}

/** In a process of its own. It costs time: where bytes are counted, time is not measured. */
export async function startCountingProxy(port: number): Promise<CountingProxy> {
  const child: Child<ProxyApi> = await startChild<ProxyApi>('./peers/counting-proxy.ts');
  return { port: await child.call('listen', port), counted: () => child.call('counted'), end: () => child.end() };
}
