/** One use of the package, in a folder of its own below the one where consumer and package are installed. */
export interface Use {
  readonly name: string;
  /** Texts by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Commands, one after the other: `node` or a program of an installed package, and its words. */
  readonly steps: readonly (readonly [program: string, ...words: string[]])[];
  /** What the app must have written to `seen.json`; undefined: the commands need only succeed. */
  readonly seen?: object;
  /** Tried again with a package that offers ES modules only, where it has to fail. */
  readonly control?: true;
}

/** Somebody who installs the package, with the tools that it uses, by name and version. */
export interface Consumer {
  /** With its version. */
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly uses: readonly Use[];
}
