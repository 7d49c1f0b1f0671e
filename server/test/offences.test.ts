import { expect, test } from 'vitest';
import { createOffences, offenceOf } from '../src/offences.ts';
import { createPrometheusMeter } from '../src/prometheus-meter.ts';

test('[LM8] each offence is counted; of one from one address the log has a line a minute, with how many there were', async () => {
  const { offences, lines, clock, meter } = setUp();
  for (let i = 0; i < 5; i++) offences.report('rate', { address: '192.0.2.1', user: 'ada' });
  offences.report('stuck', { address: '192.0.2.1' });
  offences.report('rate', { address: '192.0.2.2' });
  expect(lines).toEqual([
    { offence: 'rate', address: '192.0.2.1', user: 'ada' },
    { offence: 'stuck', address: '192.0.2.1' },
    { offence: 'rate', address: '192.0.2.2' },
  ]);
  clock.now = 60_000;
  offences.report('rate', { address: '192.0.2.1' });
  expect(lines.at(-1)).toEqual({ offence: 'rate', address: '192.0.2.1', more: 4 });
  expect(await meter.text()).toContain('\nbreakwater_offences_total{offence="rate"} 7\n');
});

test('[LM8] it remembers a bounded number of addresses, the latest', () => {
  const { offences, lines } = setUp();
  const report = (i: number) => offences.report('origin', { address: `192.0.2.${i}` });
  for (let i = 0; i < 1_001; i++) report(i);
  report(1_000);
  expect(lines).toHaveLength(1_001);
  report(0);
  expect(lines).toHaveLength(1_002);
});

test('[LM8] a broken network is no offence, a broken frame is', () => {
  const failed = (code: string) => offenceOf(Object.assign(new Error(code), { code }));
  expect(failed('ECONNRESET')).toBeUndefined();
  expect(failed('WS_ERR_UNEXPECTED_MASK')).toBe('malformed');
  expect(failed('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')).toBe('too-large');
});

function setUp() {
  const lines: unknown[] = [];
  const clock = { now: 0 };
  const meter = createPrometheusMeter({ sessions: () => 0, rooms: () => 0, isWritable: () => true });
  meter.close();
  const log = (_: string, __: string, fields?: unknown) => lines.push(fields);
  return { offences: createOffences({ log, meter, now: () => clock.now }), lines, clock, meter };
}
