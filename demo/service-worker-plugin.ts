import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

const NAME = 'service-worker.js';

/** Builds the service worker, and tells it which files there are. */
export function serviceWorkerPlugin(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'chunk', id: 'src/service-worker.ts', fileName: NAME });
    },
    generateBundle: {
      // After the plugins that add files of their own.
      order: 'post',
      handler(_options, bundle) {
        const chunk = bundle[NAME];
        if (chunk?.type !== 'chunk') throw new Error(`the build has no ${NAME}`);
        const files = Object.values(bundle).filter(({ fileName }) => fileName !== NAME);
        const hash = createHash('sha256');
        for (const file of files) hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source);
        const paths = ['./', ...files.map(({ fileName }) => `./${fileName}`).filter((path) => !path.endsWith('.html'))];
        const version = hash.digest('hex').slice(0, 12);
        chunk.code = `const FILES=${JSON.stringify(paths)},VERSION="${version}";\n${chunk.code}`;
      },
    },
  };
}
