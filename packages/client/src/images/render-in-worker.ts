import { type Rendered, type RenderOptions, renderImage } from './render-image.ts';

/** Beside the page's own thread: a large image keeps one busy for half a second and more. */
export async function renderInWorker(file: Blob, options: RenderOptions): Promise<Rendered> {
  // A page whose policy allows no such worker does it itself.
  return (await tryInWorker(file, options)) ?? renderImage(file, options);
}

/** Its source is made here, so that no bundler has to know of it. */
const SOURCE = `onmessage = ({ data }) => (${renderImage})(data.file, data.options).then(postMessage, () => postMessage(null));`;

/** Null: there is no worker to be had, or it failed. */
async function tryInWorker(file: Blob, options: RenderOptions): Promise<Rendered | null> {
  const url = URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' }));
  let worker: Worker | undefined;
  try {
    const started = new Worker(url);
    worker = started;
    return await new Promise((resolve) => {
      started.onmessage = ({ data }: MessageEvent<Rendered | null>) => resolve(data);
      started.onerror = () => resolve(null);
      started.postMessage({ file, options });
    });
  } catch {
    return null;
  } finally {
    worker?.terminate();
    URL.revokeObjectURL(url);
  }
}
