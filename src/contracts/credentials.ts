/**
 * A registry's credentials that come from files, which may be replaced at run time. Verbs without loops: the core
 * watches the files and calls `reread`.
 */
export interface Credentials {
  /** The paths of the credential files. */
  readonly files: readonly string[];
  /**
   * Reads the files again and uses their content for every later request. Reports unusable content, safe to print,
   * and keeps the old. Never throws.
   */
  reread(): CredentialsReading;
}

/** The result of reading credential files. */
export interface CredentialsReading {
  /** True when new credentials are in use. */
  readonly changed: boolean;
  /** Problems, one line each. */
  readonly problems: readonly string[];
}

/** Combines the credentials of several registries. */
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
