/**
 * What a registry proves itself with, where that was given by reference and may be replaced while it runs. Verbs without loops: whoever
 * lets the registry live watches the files and has them read again.
 */
export interface Credentials {
  /** Paths of the files that they are in. */
  readonly files: readonly string[];
  /** Takes up what is in the files now, for every request from now on. What cannot be used is told, safe to print, and the old stays. Never throws. */
  reread(): CredentialsReading;
}

export interface CredentialsReading {
  /** Something else is used from now on. */
  readonly changed: boolean;
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
}

/** Those of several as one. */
export function joinCredentials(all: readonly Credentials[]): Credentials {
  return {
    files: [...new Set(all.flatMap(({ files }) => files))],
    reread() {
      const readings = all.map((credentials) => credentials.reread());
      return {
        changed: readings.some(({ changed }) => changed),
        problems: [...new Set(readings.flatMap(({ problems }) => problems))],
      };
    },
  };
}
