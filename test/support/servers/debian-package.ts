import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Git-ignored; safe to delete at any time. */
const ownCache = fileURLToPath(new URL('../../../.cache/servers/', import.meta.url));

/** One file of Debian's main archive. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  /** By Debian architecture: SHA-256 of the package file. An architecture without a row is not supported. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** A package and what it needs beside it. */
export interface DebianPackage extends PackageFile {
  readonly suite: string;
  /** Shared libraries that a plain machine may lack; of the same suite, and unpacked into the same place. @default none */
  readonly libraries?: readonly PackageFile[];
}

/**
 * Unpacks a package without installing it and without root; downloads it once per cache. Resolves to what starts
 * `program`, a path inside the package. Rejects with what stood in the way.
 */
export async function unpackDebianPackage(
  wanted: DebianPackage,
  program: string,
  cache: string = ownCache,
): Promise<string> {
  const architecture = (await run('dpkg', ['--print-architecture'])).stdout.trim();
  // A colon would end the path in a list of paths.
  const unpacked = join(cache, `${wanted.name}@${wanted.version.replaceAll(':', '%3a')}_${architecture}`);
  const started = join(unpacked, wanted.libraries === undefined ? program : join(STARTERS, basename(program)));
  if (existsSync(unpacked)) return started;

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.work-'));
  try {
    const parts: PackageFile[] = [wanted, ...(wanted.libraries ?? [])];
    const missing = parts.find(({ sha256 }) => sha256[architecture] === undefined);
    if (missing !== undefined) throw new Error(`no ${missing.name} package is pinned for ${architecture}`);
    const fresh = join(work, 'root');
    await mkdir(fresh);
    const files = await download(parts, wanted.suite, architecture, work);
    for (const part of parts) {
      const file = files.find((path) => basename(path).startsWith(`${part.name}_`));
      if (file === undefined) throw new Error(`apt downloaded no ${part.name}`);
      const found = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      if (found !== part.sha256[architecture])
        throw new Error(`${part.name} ${part.version} has SHA-256 ${found}, pinned is ${part.sha256[architecture]}`);
      await run('dpkg-deb', ['-x', file, fresh]);
    }
    if (wanted.libraries !== undefined) await writeStarters(fresh);
    await moveUnlessThere(fresh, unpacked);
    return started;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const STARTERS = 'run';

/** Each starts a program with the libraries that were unpacked beside it; the process stays the same. */
async function writeStarters(root: string): Promise<void> {
  await mkdir(join(root, STARTERS));
  for (const folder of ['usr/bin', 'usr/sbin']) {
    for (const program of existsSync(join(root, folder)) ? await readdir(join(root, folder)) : []) {
      // What it loads for itself later, such as the modules of Lua that Debian's Redis 6 has its scripts' `cjson` from, is beside it as well.
      const script = `#!/bin/sh
root=$(dirname "$0")/..
libraries=$(echo "$root"/usr/lib/*-linux-gnu*)
LD_LIBRARY_PATH=$libraries LUA_CPATH="$libraries/lua/5.1/?.so;;" exec "$root/${folder}/${program}" "$@"
`;
      await writeFile(join(root, STARTERS, program), script, { mode: 0o755 });
    }
  }
}

/** Processes may race to here: the rename is atomic and the first one wins, so nobody ever sees half a package and no lock can be left behind. */
async function moveUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/** Lets apt do it, with its own proxies, mirrors and signature checks, but with a state of its own: no root, and the machine's lists stay as they are. */
async function download(
  parts: readonly PackageFile[],
  suite: string,
  architecture: string,
  work: string,
): Promise<string[]> {
  const mirror = await debianMirror();
  const keyring = [
    '/usr/share/keyrings/debian-archive-keyring.gpg',
    '/usr/share/keyrings/debian-archive-keyring.pgp',
  ].find(existsSync);
  const directories = {
    sources: join(work, 'sources'),
    state: join(work, 'state'),
    cache: join(work, 'cache'),
    files: join(work, 'files'),
  };
  for (const path of [
    directories.sources,
    join(directories.state, 'lists/partial'),
    join(directories.cache, 'archives/partial'),
    directories.files,
  ]) {
    await mkdir(path, { recursive: true });
  }
  const source = [
    'Types: deb',
    `URIs: ${mirror}`,
    `Suites: ${suite}`,
    'Components: main',
    `Architectures: ${architecture}`,
  ];
  await writeFile(
    join(directories.sources, 'debian.sources'),
    `${[...source, ...(keyring ? [`Signed-By: ${keyring}`] : [])].join('\n')}\n`,
  );
  await writeFile(join(work, 'status'), '');
  const settings = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': directories.sources,
    'Dir::State': directories.state,
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': directories.cache,
    // Root's downloads would otherwise be handed to a user who cannot write here.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  };
  // Hooks of the machine would act on the machine's own state.
  const cleared = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'].map(
    (name) => `#clear ${name};`,
  );
  const configuration = join(work, 'apt.conf');
  await writeFile(
    configuration,
    `${[...cleared, ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`)].join('\n')}\n`,
  );

  const apt = (...words: string[]) =>
    run('apt-get', ['-c', configuration, '-q', ...words], {
      cwd: directories.files,
      env: { ...process.env, LC_ALL: 'C' },
    });
  await apt('update', '--error-on=any');
  await apt('download', ...parts.map(({ name, version }) => `${name}=${version}`));
  return (await readdir(directories.files)).map((file) => join(directories.files, file));
}

/** Where this machine gets Debian from: asked of apt, which reads every format of its sources. */
async function debianMirror(): Promise<string> {
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  const { stdout } = await run('apt-get', ['update', '--print-uris'], { env: { ...process.env, LC_ALL: 'C' } });
  const mirror = [...stdout.matchAll(/^'(.+)\/dists\/([^/']+)\/InRelease'/gm)].find(
    ([, , suite]) => suite === codename || suite === 'stable' || suite === 'testing' || suite === 'sid',
  );
  if (mirror?.[1] === undefined) throw new Error("apt's sources name no Debian mirror");
  return mirror[1];
}
