import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** The contents of all files in a folder and below it, by their paths in it. */
export async function filesBelow(folder: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const each of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(each.parentPath, each.name);
    if (each.isFile()) contents[relative(folder, path)] = await readFile(path, 'utf8');
  }
  return contents;
}
