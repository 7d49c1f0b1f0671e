import { describeError } from '../describe-error.ts';
import type { Engine } from '../engine.ts';
import { AttachmentMissingError } from '../errors.ts';
import type { Fetched, TabChannel, TabMessage } from './channel.ts';

/** Fetches bytes of attachments for the tabs that watch. */
export interface HostedFetches {
  start(message: Extract<TabMessage, { type: 'fetch' }>): Promise<void>;
  end(message: Extract<TabMessage, { type: 'unfetch' }>): void;
  /** Says nothing more: the next leader is asked again. */
  stop(): void;
}

export function hostFetches(engine: Pick<Engine, 'fetch'>, channel: TabChannel): HostedFetches {
  const controllerByFetch = new Map<string, AbortController>();
  let isStopped = false;

  return {
    async start({ tab, number, ref, wait }) {
      const key = `${tab} ${number}`;
      const controller = new AbortController();
      controllerByFetch.set(key, controller);
      const fetched = await engine.fetch(ref, { wait, signal: controller.signal }).then(toHere, toFailure);
      controllerByFetch.delete(key);
      if (!isStopped && !controller.signal.aborted) channel.post({ type: 'fetched', tab, number, fetched });
    },
    end: ({ tab, number }) => controllerByFetch.get(`${tab} ${number}`)?.abort(),
    stop() {
      isStopped = true;
    },
  };
}

function toHere(data: Blob): Fetched {
  return { kind: 'here', data };
}

function toFailure(error: unknown): Fetched {
  const kind = error instanceof AttachmentMissingError ? 'missing' : 'failed';
  return { kind, message: describeError(error) };
}
