import type { ConnectionOptions } from 'node:tls';
import type { ConfigIssue } from '../core/errors.js';
import { HIDDEN, rememberSecret } from '../core/secrets.js';
import { readText, shownPath } from '../credentials/secret-file.js';

/** How a server is verified and how we authenticate to it. The minimum version is TLS 1.2. */
export interface TlsOptions {
  /** Trusted CA certificates: PEM, or the path of a file. @default those of Node.js */
  readonly ca?: string;
  /** The client certificate with its chain: PEM, or the path of a file. Needs `key`. @default none */
  readonly cert?: string;
  /** The private key of `cert`, without a passphrase: PEM, or the path of a file. @default none */
  readonly key?: string;
  /** The name that the server's certificate must contain. @default the host of the endpoint */
  readonly serverName?: string;
  /**
   * True: accepts any certificate, so that a man in the middle can read the token. Warns at each start.
   * @default false
   */
  readonly insecureSkipVerify?: boolean;
}

/** Options of valid form. `readTls` reads the files. */
export interface TlsPlan extends TlsOptions {
  /** The name of an option in messages, where it differs from its own: the variable that sets it. */
  readonly names: Readonly<Partial<Record<keyof TlsOptions, string>>>;
}

/** PEM texts by option; can be posted to another thread. */
export type TlsMaterial = Readonly<Partial<Record<TlsPart, string>>>;

const parts = ['ca', 'cert', 'key'] as const;
export type TlsPart = (typeof parts)[number];

const allowed: Readonly<Record<TlsPart, string>> = {
  ca: 'certificates in PEM, or the path of a file that has them',
  cert: 'a certificate in PEM, or the path of a file that has one',
  key: 'a private key in PEM without a passphrase, or the path of a file that has one',
};

/** Every problem of the options themselves. Opens no file. */
export function tlsIssues(plan: TlsPlan): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const { cert, key, serverName, insecureSkipVerify } = plan;
  for (const part of parts) {
    const value: unknown = plan[part];
    if (value !== undefined && (typeof value !== 'string' || value === '' || value.includes('\0')))
      issues.push({ field: nameOf(plan, part), value: HIDDEN, allowed: allowed[part] });
  }
  if (cert !== undefined && key === undefined)
    issues.push({
      field: nameOf(plan, 'key'),
      value: key,
      allowed: `required with ${nameOf(plan, 'cert')}: its private key`,
    });
  if (key !== undefined && cert === undefined)
    issues.push({
      field: nameOf(plan, 'cert'),
      value: cert,
      allowed: `required with ${nameOf(plan, 'key')}: its certificate`,
    });
  if (serverName !== undefined && (typeof serverName !== 'string' || !/^[A-Za-z0-9._:-]+$/.test(serverName))) {
    issues.push({
      field: nameOf(plan, 'serverName'),
      value: serverName,
      allowed: "the name that the server's certificate contains",
    });
  }
  if (insecureSkipVerify !== undefined && typeof insecureSkipVerify !== 'boolean') {
    issues.push({ field: nameOf(plan, 'insecureSkipVerify'), value: insecureSkipVerify, allowed: 'true or false' });
  }
  return issues;
}

/** A problem of a PEM text or its file. */
export interface TlsIssue extends ConfigIssue {
  /** The file that is not there, or still empty, and may be written yet; absent for any other problem. */
  readonly pendingFile?: string;
}

/** Reads the PEM texts from the options or the files they name, and lists their problems. Synchronous; no network. */
export function readTls(plan: TlsPlan): { readonly material: TlsMaterial; readonly issues: readonly TlsIssue[] } {
  const material: Partial<Record<TlsPart, string>> = {};
  const issues: TlsIssue[] = [];
  for (const part of parts) {
    const given = plan[part];
    if (given === undefined) continue;
    const isPath = !isPem(given);
    const field = nameOf(plan, part);
    const value = isPath ? shownPath(given) : HIDDEN;
    const read = isPath ? readText(given) : { text: given };
    if ('problem' in read) {
      // A text of several lines is not a file that may come.
      const pending = read.isPending === true && !/[\r\n]/.test(given) && { pendingFile: `${value} (${field})` };
      issues.push({ field, value, allowed: `${allowed[part]}; this one ${read.problem}`, ...pending });
      continue;
    }
    if (part === 'key') rememberSecret(read.text, isPath ? 'changing' : 'lasting');
    material[part] = read.text;
    if (!isValid(part, read.text)) issues.push({ field, value, allowed: allowed[part] });
  }
  const { cert, key } = material;
  if (issues.length === 0 && cert !== undefined && key !== undefined && !isKeyOf(cert, key)) {
    issues.push({
      field: nameOf(plan, 'key'),
      value: HIDDEN,
      allowed: `the private key of the certificate in ${nameOf(plan, 'cert')}; this is another key`,
    });
  }
  return { material, issues };
}

/** The files that the options name, which can change while we run. */
export function tlsFiles(plan: TlsPlan): string[] {
  return parts.flatMap((part) => {
    const given = plan[part];
    return given === undefined || isPem(given) ? [] : [given];
  });
}

/** The settings for `tls.connect`. */
export function tlsSettings({ serverName, insecureSkipVerify }: TlsOptions, material: TlsMaterial): ConnectionOptions {
  // `rejectUnauthorized` is explicit, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
  return {
    ...material,
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: insecureSkipVerify !== true,
    minVersion: 'TLSv1.2',
  };
}

function nameOf({ names }: TlsPlan, option: keyof TlsOptions): string {
  return names[option] ?? `tls.${option}`;
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

function isValid(part: TlsPart, text: string): boolean {
  const { X509Certificate, createPrivateKey } = process.getBuiltinModule('node:crypto');
  try {
    if (part === 'key') {
      createPrivateKey(text);
      return true;
    }
    const certificates =
      text.match(
        /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g,
      ) ?? [];
    for (const certificate of certificates) new X509Certificate(certificate);
    return certificates.length > 0;
  } catch {
    return false;
  }
}

function isKeyOf(cert: string, key: string): boolean {
  const { X509Certificate, createPrivateKey } = process.getBuiltinModule('node:crypto');
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
