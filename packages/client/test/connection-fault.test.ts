import { expect, it } from 'vitest';
import { watchConnection } from './watched-connection.ts';

it('[LM11] what the server says of a link before it ends it is the cause that is shown', async () => {
  const { connection, scheduler, server } = watchConnection('accepts');
  connection.dispatch({ type: 'start' });
  for (let attempt = 1; attempt <= 5; attempt++) {
    while (connection.state.name !== 'live') await scheduler.advanceAsync(100);
    server.say({ type: 'error', request: 0, code: 'rate-exceeded', message: `too much, attempt ${attempt}` });
    server.drop(1008, 'a reason');
  }
  expect(connection.state).toMatchObject({ name: 'halted', cause: 'too much, attempt 5' });
});
