import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureOutage } from '../outage/measure.ts';
import { renderOutage } from '../outage/render.ts';

describe('the picture of an outage', () => {
  it('shows what the connection does: at most 6 attempts in ten minutes', async () => {
    const { attempts, halts } = await measureOutage();
    expect(attempts).toHaveLength(6);
    expect(attempts.filter((at) => at < 60)).toHaveLength(5);
    expect(halts).toHaveLength(2);
  });

  it('is the one in docs; `npm run picture` renders it anew', async () => {
    const committed = readFileSync(join(import.meta.dirname, '../../docs/outage.svg'), 'utf8');
    expect(renderOutage(await measureOutage())).toBe(committed);
  });
});
