import { uploadPictures } from '../../packages/testing/test/picture-rounds.ts';
import { makeTemporaryDirectory } from '../../server/test/temporary-directory.ts';
import { numbersIn, type Part, type Tally } from './part.ts';

const PICTURES = 200;
const PICTURE_BYTES = 300_000;

/** Many pictures queued offline; three sockets are cut and the server is killed while they go up. */
export const pictures: Part = {
  runs: 2,
  async play(share) {
    const total: Tally = { counts: { pictures: 0, identical: 0, repeated: 0 }, failures: [] };
    for (const pictureSeed of numbersIn(share)) {
      const directory = makeTemporaryDirectory();
      try {
        const { identical, repeated } = await uploadPictures({
          cwd: directory.path,
          pictures: PICTURES,
          bytesEach: PICTURE_BYTES,
          pictureSeed,
        });
        total.counts.pictures = (total.counts.pictures ?? 0) + PICTURES;
        total.counts.identical = (total.counts.identical ?? 0) + identical;
        total.counts.repeated = (total.counts.repeated ?? 0) + repeated;
        if (identical < PICTURES)
          total.failures.push(`seed ${pictureSeed}: ${PICTURES - identical} pictures are missing`);
        if (repeated > 0)
          total.failures.push(`seed ${pictureSeed}: ${repeated} pieces of whole pictures went up again`);
      } finally {
        directory.remove();
      }
    }
    return total;
  },
  summarize: (count) =>
    `${count('pictures')} pictures over cut sockets and a killed server, ${count('identical')} arrived bit by bit, ` +
    `${count('repeated')} pieces of whole ones went up again`,
};
