/*
 * npm run picture: renders docs/outage.svg anew. npm run picture -- demo: takes the pictures of the demo page in docs/pictures.
 */
import process from 'node:process';

const [what = 'outage'] = process.argv.slice(2);
if (what === 'outage') await import('./render-outage.ts');
else if (what === 'demo') await import('./render-demo.ts');
else {
  console.error(`There is no picture "${what}"; name outage or demo.`);
  process.exitCode = 1;
}
