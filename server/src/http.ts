import type { IncomingMessage, ServerResponse } from 'node:http';
import { createStaticFiles } from './static-files.ts';

export interface HttpOptions {
  readonly staticDir: string | undefined;
  /** Why nothing should be sent here for now; undefined: there is no reason. */
  readonly unreadiness: () => string | undefined;
  readonly log: (line: string) => void;
}

/** Answers plain HTTP: is the server alive, is it ready, and its files. Never rejects. */
export function createHttpHandler({ staticDir, unreadiness, log }: HttpOptions) {
  const serveFile = staticDir === undefined ? undefined : createStaticFiles(staticDir);

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await answer(request, response);
    } catch (error) {
      // Who hangs up in the middle of a file is no news.
      if (!response.destroyed)
        // Behind the path may be a token.
        log(`Answering ${request.url?.split('?')[0]} failed: ${error instanceof Error ? error.message : error}`);
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'the server failed');
    }
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendText(response, 405, 'only GET and HEAD');
    }
    if (request.url === '/health') return sendText(response, 200, 'ok');
    if (request.url === '/ready') return answerReady(response);
    if ((await serveFile?.(request, response)) !== true) sendText(response, 404, 'not found');
  }

  function answerReady(response: ServerResponse): void {
    const reason = unreadiness();
    response.setHeader('cache-control', 'no-store');
    return reason === undefined ? sendText(response, 200, 'ready') : sendText(response, 503, reason);
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
