import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { readCliCommand } from '../src/cli-options.ts';
import { isLoopback } from '../src/loopback.ts';
import { createServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server-options.ts';
import { runCli } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';
import { openClient } from './test-client.ts';

const SECRET = 'a secret of more than thirty-two bytes';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('[JW9] a server with a key lets in whoever has a token of it, and nobody else, and logs no token', async () => {
  const logged: unknown[] = [];
  const server = await create({ jwt: { secret: SECRET }, log: (...entry) => logged.push(entry) });
  const { port } = await server.listen({ host: '0.0.0.0', port: 0 });
  const url = `ws://127.0.0.1:${port}/sync`;
  const token = await new SignJWT({ tenant: 'acme', sub: 'ada' })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(SECRET));
  const client = await openClient(url, token);
  cleanups.push(client.terminate);
  expect(client.connected).toMatchObject({ tenant: 'acme', user: 'ada', labels: ['acme'], expiresAt: 0 });
  await expect(openClient(url, `${token.slice(0, -4)}AAAA`)).rejects.toThrow(
    'closed with 4401 the signature of the token is wrong',
  );
  await expect(openClient(url)).rejects.toThrow('closed with 4401 a token is needed');
  expect(JSON.stringify(logged)).not.toContain(token.slice(0, 12));
});

test('[JW10] without a key it listens on loopback only, unless it is told to be open', async () => {
  for (const host of ['localhost', '127.0.0.1']) {
    await expect((await create({})).listen({ host, port: 0 })).resolves.toMatchObject({ host });
  }
  expect(isLoopback('::1')).toBe(true); // which not every machine has
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.0.0.1.example.com', '127.1.example']) {
    const closed = await create({});
    await expect(closed.listen({ host, port: 0 }), host).rejects.toMatchObject({
      name: 'ServerOptionsError',
      message: expect.stringMatching(/Set BREAKWATER_JWT_SECRET or BREAKWATER_JWT_PUBLIC_KEY .* BREAKWATER_OPEN=1/),
    });
    expect(closed.address).toBeUndefined();
  }
  await expect((await create({ open: true })).listen({ host: '0.0.0.0', port: 0 })).resolves.toBeDefined();
  const own = await create({ authenticate: () => ({ tenant: 't', user: 'u' }) });
  await expect(own.listen({ host: '0.0.0.0', port: 0 })).resolves.toBeDefined();
});

test('[JW10] who says two things of who is let in is told so, before there is any data', async () => {
  const authenticate = () => ({ tenant: 't', user: 'u' });
  const jwt = { secret: SECRET };
  await expect(create({ jwt, authenticate })).rejects.toThrow('jwt and authenticate both say who is let in');
  await expect(create({ jwt, open: true })).rejects.toThrow('open lets everybody in');
  await expect(create({ authenticate, open: true })).rejects.toThrow('open lets everybody in');
});

test('[JW11] the environment says it all to the program', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const directory = temporary();
  writeFileSync(join(directory, 'key.pem'), pem);
  expect(jwtOf({})).toEqual({ open: false });
  expect(jwtOf({ BREAKWATER_OPEN: '1' })).toEqual({ open: true });
  expect(jwtOf({ BREAKWATER_JWT_SECRET: SECRET, BREAKWATER_OPEN: '' })).toEqual({
    open: false,
    jwt: { secret: SECRET },
  });
  expect(jwtOf({ BREAKWATER_JWT_PUBLIC_KEY: pem })).toMatchObject({ jwt: { publicKey: pem } });
  expect(jwtOf({ BREAKWATER_JWT_PUBLIC_KEY: ' {}' })).toMatchObject({ jwt: { publicKey: ' {}' } });
  const env = {
    BREAKWATER_JWT_PUBLIC_KEY: join(directory, 'key.pem'),
    BREAKWATER_JWT_ISSUER: 'i',
    BREAKWATER_JWT_AUDIENCE: 'a',
    BREAKWATER_JWT_TENANT_CLAIM: 't',
    BREAKWATER_JWT_USER_CLAIM: 'u',
    BREAKWATER_JWT_LABELS_CLAIM: 'l',
    BREAKWATER_JWT_ALGORITHMS: 'EdDSA, Ed25519',
  };
  const claims = { issuer: 'i', audience: 'a', tenantClaim: 't', userClaim: 'u', labelsClaim: 'l' };
  expect(jwtOf(env)).toMatchObject({ jwt: { publicKey: pem, ...claims, algorithms: ['EdDSA', 'Ed25519'] } });
});

test('[JW11] what it says by mistake opens nothing', () => {
  const faults: [NodeJS.ProcessEnv, RegExp][] = [
    [{ BREAKWATER_OPEN: 'yes' }, /^BREAKWATER_OPEN is 'yes'; set it to 1 or 0\.$/],
    [{ BREAKWATER_JWT_ISSUER: 'i' }, /^BREAKWATER_JWT_ISSUER is set, but no key to check tokens with\. Set /],
    [{ BREAKWATER_JWT_SECERT: SECRET }, /^BREAKWATER_JWT_SECERT is set, but no key /],
    [{ BREAKWATER_JWT_PUBLIC_KEY: 'missing.pem' }, /^BREAKWATER_JWT_PUBLIC_KEY is no PEM .*missing\.pem.*ENOENT/],
  ];
  for (const [env, message] of faults) {
    const fault = expect.objectContaining({ name: CliError.name, message: expect.stringMatching(message) as string });
    expect(() => readCliCommand([], env)).toThrow(fault);
  }
});

test('[JW11] a program without a key ends with one line when others could reach it', async () => {
  const exit = await runCli({ cwd: temporary(), env: { HOST: '0.0.0.0', PORT: '0' } });
  expect(exit).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^Nobody would be asked .*\n$/) as string,
  });
});

function jwtOf(env: NodeJS.ProcessEnv): unknown {
  const command = readCliCommand([], env);
  if (command.name !== 'serve') return command;
  const { jwt, open } = command.options;
  return jwt === undefined ? { open } : { open, jwt };
}

async function create(options: ServerOptions) {
  const server = await createServer({ dataDir: ':memory:', log: () => {}, ...options });
  cleanups.push(() => server.close());
  return server;
}

function temporary(): string {
  const directory = makeTemporaryDirectory();
  cleanups.push(directory.remove);
  return directory.path;
}
