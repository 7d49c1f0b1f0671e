import type { LiveDocuments, LiveDocumentsOptions } from './live-documents.ts';

/** The open documents of a tab, whose code is loaded when the first one is opened: who never opens any loads nothing. */
export function createLazyLiveDocuments(options: LiveDocumentsOptions): LiveDocuments {
  let loading: Promise<LiveDocuments> | undefined;

  async function load(): Promise<LiveDocuments> {
    try {
      const { createLiveDocuments } = await import('./live-documents.ts');
      return createLiveDocuments(options);
    } catch (error) {
      // Without a network, maybe: the next one tries again.
      loading = undefined;
      throw error;
    }
  }

  const loaded = () => loading?.catch(() => undefined);

  return {
    async open(document) {
      loading ??= load();
      return (await loading).open(document);
    },
    flush: async () => (await loaded())?.flush(),
    end: async () => (await loaded())?.end(),
  };
}
