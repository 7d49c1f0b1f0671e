import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildPackages } from './build-packages.ts';
import { published } from './published.ts';
import { type Manifest, publishedManifest } from './published-manifest.ts';
import { runNpm } from './run-npm.ts';

export interface PackedPackage {
  readonly name: string;
  /** Path of the .tgz. */
  readonly tarball: string;
}

/** Builds what is published and packs it into `outDir`, as `npm publish <tarball>` takes it. */
export async function packPackages(root: string, outDir: string): Promise<PackedPackage[]> {
  buildPackages(root);
  await mkdir(outDir, { recursive: true });
  const stage = await mkdtemp(join(tmpdir(), 'breakwater-pack-'));
  try {
    const manifests = await Promise.all(published.map((folder) => stagePackage(root, folder, stage)));
    await runNpm(['pack', '--pack-destination', outDir, ...published.map((folder) => `./${basename(folder)}`)], stage);
    return manifests.map(({ name, version }) => ({ name, tarball: join(outDir, tarballName(name, version)) }));
  } finally {
    await rm(stage, { recursive: true });
  }
}

/** The package's own manifest serves this repository, so another one is packed, from a folder beside. */
async function stagePackage(root: string, folder: string, stage: string): Promise<Manifest> {
  const from = join(root, folder);
  const to = join(stage, basename(folder));
  const manifest = publishedManifest(JSON.parse(await readFile(join(from, 'package.json'), 'utf8')));
  await mkdir(to);
  await cp(join(from, 'dist'), join(to, 'dist'), { recursive: true });
  await cp(join(from, 'README.md'), join(to, 'README.md'));
  await cp(join(root, 'LICENSE'), join(to, 'LICENSE'));
  await writeFile(join(to, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/** As npm names it. */
function tarballName(name: string, version: string): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}
