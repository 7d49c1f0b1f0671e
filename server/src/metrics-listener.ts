import { createServer, type Server } from 'node:http';
import { type ListenAddress, listenOn, portOf } from './listen.ts';
import type { PrometheusMeter } from './prometheus-meter.ts';
import { ServerOptionsError } from './server-options-error.ts';

/** Where Prometheus reads. Apart from the rest, because the figures are nobody's business outside. */
export interface MetricsOptions {
  /** Default: `localhost`. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface MetricsListener {
  readonly address: ListenAddress;
  readonly listeners: readonly Server[];
}

const TIMEOUT_MS = 10_000;

/** @throws ServerOptionsError when the address cannot be had. */
export async function listenForMetrics(
  meter: PrometheusMeter,
  { host = 'localhost', port }: MetricsOptions,
): Promise<MetricsListener> {
  try {
    const listeners = await listenOn(() => createListener(meter), { host, port });
    return { listeners, address: { host, port: portOf(listeners[0]) ?? port } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ServerOptionsError(
      `Metrics cannot be served at port ${port} of ${host} (${why}). Set another BREAKWATER_METRICS_PORT or ` +
        'BREAKWATER_METRICS_HOST (the option metrics).',
      { cause: error },
    );
  }
}

function createListener(meter: PrometheusMeter): Server {
  return createServer({ headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS }, async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return response.writeHead(404).end();
    try {
      const text = await meter.text();
      response.writeHead(200, { 'content-type': meter.contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  });
}
