/*
 * npm run picture: renders docs/outage.svg from what the connection really does in ten minutes without a server.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureOutage } from './outage/measure.ts';
import { renderOutage } from './outage/render.ts';

writeFileSync(join(import.meta.dirname, '../docs/outage.svg'), renderOutage(await measureOutage()));
