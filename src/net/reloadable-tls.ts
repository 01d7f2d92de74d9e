import type { ConnectionOptions } from 'node:tls';
import { missingFile } from '../credentials/missing-files.js';
import { readTls, tlsFiles, tlsSettings } from './tls.js';
import type { TlsIssue, TlsMaterial, TlsPlan } from './tls.js';

/** TLS options and what their files contained at first. */
export interface TlsSource {
  readonly plan: TlsPlan;
  readonly material: TlsMaterial;
  /** Files that were not there at first. @default none */
  readonly issues?: readonly TlsIssue[];
}

/** The current TLS material of a connection; that of plain text is always undefined. */
export class ReloadableTls {
  readonly #plan: TlsPlan | undefined;
  #settings: ConnectionOptions | undefined;
  #pending: readonly TlsIssue[];

  constructor(source: TlsSource | undefined) {
    this.#plan = source?.plan;
    this.#settings = source && tlsSettings(source.plan, source.material);
    this.#pending = source?.issues ?? [];
  }

  get files(): readonly string[] {
    return this.#plan === undefined ? [] : tlsFiles(this.#plan);
  }

  /** Options for node:tls; undefined for plain text. The object changes when the material does. */
  get settings(): ConnectionOptions | undefined {
    return this.#settings;
  }

  /** The files that were not there at first, in words; none once all of them are valid. */
  get missing(): readonly string[] {
    return this.#pending.map(({ field, pendingFile }) =>
      pendingFile === undefined ? `${field} is invalid` : missingFile('TLS', pendingFile),
    );
  }

  /** Reads the files again. Material with a problem changes nothing. Returns the problems. */
  reread(): readonly string[] {
    if (this.#plan === undefined) return [];
    const { material, issues } = readTls(this.#plan);
    const settings = tlsSettings(this.#plan, material);
    const isAwaited = this.#pending.length > 0;
    const reported = isAwaited ? issues.filter(({ pendingFile }) => pendingFile === undefined) : issues;
    const meanwhile = isAwaited ? 'there is no connection' : 'the previous TLS material stays in use';
    if (isAwaited) this.#pending = issues;
    if (issues.length === 0 && (isAwaited || JSON.stringify(settings) !== JSON.stringify(this.#settings)))
      this.#settings = settings;
    return reported.map(({ field, allowed }) => `${field} has to be ${allowed}; until then ${meanwhile}`);
  }
}
