import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of the project, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Text of a file of the project. */
export function read(path: string): string {
  return readFileSync(root + path, 'utf8');
}

/** Paths from the project root of every file below `folder`; what tools leave behind does not count. */
export function filesBelow(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
    .filter((path) => !/(^|\/)(\.tmp|node_modules)\//.test(path))
    .sort();
}
