import type { ConnectionOptions } from 'node:tls';
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
  readonly files: readonly string[];
  readonly #plan: TlsPlan | undefined;
  #settings: ConnectionOptions | undefined;
  #pending: readonly TlsIssue[];

  constructor(source: TlsSource | undefined) {
    this.#plan = source?.plan;
    this.files = source === undefined ? [] : tlsFiles(source.plan);
    this.#settings = source && tlsSettings(source.plan, source.material);
    this.#pending = source?.issues ?? [];
  }

  /** Options for node:tls; undefined for plain text. The object changes when the material does. */
  get settings(): ConnectionOptions | undefined {
    return this.#settings;
  }

  /** The issues of files that were not there at first; none once all of them are valid. */
  get pending(): readonly TlsIssue[] {
    return this.#pending;
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
