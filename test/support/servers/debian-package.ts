import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Git-ignored; safe to delete at any time. */
const cache = fileURLToPath(new URL('../../../.cache/servers/', import.meta.url));

/** A package of Debian's main archive. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly suite: string;
  /** By Debian architecture: SHA-256 of the package file. An architecture without a row is not supported. */
  readonly sha256: Readonly<Record<string, string>>;
}

/**
 * Unpacks a package without installing it and without root; downloads it once per checkout.
 * Resolves to the directory that stands for `/`. Rejects with what stood in the way.
 */
export async function unpackDebianPackage(wanted: DebianPackage): Promise<string> {
  const architecture = (await run('dpkg', ['--print-architecture'])).stdout.trim();
  const sha256 = wanted.sha256[architecture];
  if (sha256 === undefined) throw new Error(`no ${wanted.name} package is pinned for ${architecture}`);
  const unpacked = join(cache, `${wanted.name}_${wanted.version}_${architecture}`);
  if (existsSync(unpacked)) return unpacked;

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.work-'));
  try {
    const file = await download(wanted, architecture, work);
    const found = createHash('sha256').update(await readFile(file)).digest('hex');
    if (found !== sha256) throw new Error(`${wanted.name} ${wanted.version} has SHA-256 ${found}, pinned is ${sha256}`);
    const fresh = join(work, 'root');
    await run('dpkg-deb', ['-x', file, fresh]);
    await moveUnlessThere(fresh, unpacked);
    return unpacked;
  } finally {
    await rm(work, { recursive: true, force: true });
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
async function download(wanted: DebianPackage, architecture: string, work: string): Promise<string> {
  const mirror = await debianMirror();
  const keyring = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'].find(existsSync);
  const directories = { sources: join(work, 'sources'), state: join(work, 'state'), cache: join(work, 'cache'), files: join(work, 'files') };
  for (const path of [directories.sources, join(directories.state, 'lists/partial'), join(directories.cache, 'archives/partial'), directories.files]) {
    await mkdir(path, { recursive: true });
  }
  const source = ['Types: deb', `URIs: ${mirror}`, `Suites: ${wanted.suite}`, 'Components: main', `Architectures: ${architecture}`];
  await writeFile(join(directories.sources, 'debian.sources'), `${[...source, ...(keyring ? [`Signed-By: ${keyring}`] : [])].join('\n')}\n`);
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
  const cleared = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'].map((name) => `#clear ${name};`);
  const configuration = join(work, 'apt.conf');
  await writeFile(configuration, `${[...cleared, ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`)].join('\n')}\n`);

  const apt = (...words: string[]) => run('apt-get', ['-c', configuration, '-q', ...words], { cwd: directories.files, env: { ...process.env, LC_ALL: 'C' } });
  await apt('update', '--error-on=any');
  await apt('download', `${wanted.name}=${wanted.version}`);
  const [file] = await readdir(directories.files);
  if (file === undefined) throw new Error(`apt downloaded no ${wanted.name}`);
  return join(directories.files, file);
}

/** Where this machine gets Debian from: asked of apt, which reads every format of its sources. */
async function debianMirror(): Promise<string> {
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  const { stdout } = await run('apt-get', ['update', '--print-uris'], { env: { ...process.env, LC_ALL: 'C' } });
  const mirror = [...stdout.matchAll(/^'(.+)\/dists\/([^/']+)\/InRelease'/gm)].find(([, , suite]) => suite === codename || suite === 'stable' || suite === 'testing' || suite === 'sid');
  if (mirror?.[1] === undefined) throw new Error("apt's sources name no Debian mirror");
  return mirror[1];
}
