/** Paths without their endings: of sources from `src`, of unit tests from `test/unit`. */
export interface Mirror {
  readonly sources: readonly string[];
  readonly tests: readonly string[];
}

/** Folders of sources, each with a slash at its end, that no unit test mirrors by its folder or its name. */
export function foldersWithoutUnitTests({ sources, tests }: Mirror): string[] {
  return foldersOf(sources).filter((folder) => !tests.some((test) => `${test}/`.startsWith(folder)));
}

/** Unit tests whose path is neither a source file or folder, nor one of a file with what it looks at: `b-<aspect>` for `b`. */
export function unitTestsWithoutSource({ sources, tests }: Mirror): string[] {
  const folders = foldersOf(sources);
  return tests.filter((test) => {
    const isFile = sources.some((source) => test === source || test.startsWith(`${source}-`));
    return !isFile && !folders.includes(`${test}/`);
  });
}

/** The folders that files are in, each with a slash at its end. */
function foldersOf(sources: readonly string[]): string[] {
  const folders = new Set(sources.map((source) => source.slice(0, source.lastIndexOf('/') + 1)));
  return [...folders].filter((folder) => folder !== '').sort();
}

/** The folders directly under `src`. */
export function layersOf(sources: readonly string[]): string[] {
  return [...new Set(foldersOf(sources).map((folder) => folder.replace(/\/.*/, '/')))];
}

/** True for a path that one of `names` is, or that is in a folder among them; a folder has a slash at its end. */
export function isNamed(path: string, names: readonly string[]): boolean {
  return names.some((name) => path === name || (name.endsWith('/') && path.startsWith(name)));
}
