import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend } from './targets.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const folders = ['contract', 'integration', 'hostile', 'process'] as const;
export type Folder = (typeof folders)[number];

/** How a test comes by a server: the shared one, or one of its own. */
const asks: Readonly<Record<Backend, RegExp>> = {
  consul: /\bconsulUrl\b|\b(start|own)Consul\w*\(/,
  etcd: /\betcdUrl\b|\b(start|own|live)Etcd\w*\(/,
  redis: /\bredisUrl\b|\b(start|own)Redis\w*\(/,
};

/** Whose subject is a page or an example: they say nothing of a server's version, and start one in passing. */
const pages = /\/(page-snippets|etcd-page|examples|gateway-example|demo)\.test\.ts$/;

/** The tests of a folder that speak to a server of this kind, read from their own text: a new test is among them by itself. */
export function testFiles(backend: Backend, folder: Folder): string[] {
  return readdirSync(join(root, 'test', folder))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${folder}/${name}`)
    .filter((path) => !pages.test(path) && asks[backend].test(readFileSync(join(root, path), 'utf8')));
}
