/**
 * A registry's credentials that come from files, which may be replaced at run time. Verbs without loops: the core
 * watches the files and calls `reread`.
 */
export interface Credentials {
  /** The paths of the credential files. */
  readonly files: readonly string[];
  /** The files that were not there, or empty, whenever they were read, and why it matters; no request can be sent. */
  readonly missing?: readonly string[];
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

/**
 * Combines the credentials of several registries; undefined for one without. No file is missed while one registry can
 * do without.
 */
export function joinCredentials(each: readonly (Credentials | undefined)[]): Credentials {
  const all = each.flatMap((credentials) => credentials ?? []);
  return {
    get missing() {
      const missing = each.map((credentials) => credentials?.missing ?? []);
      return missing.every(({ length }) => length > 0) ? [...new Set(missing.flat())] : [];
    },
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
