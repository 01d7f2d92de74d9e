// What @peculiar/x509 is built on.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A certificate and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Wanted {
  /** DNS names and IPs that it is for. @default localhost and 127.0.0.1 */
  readonly names?: readonly string[];
  /** It ran out yesterday. @default false */
  readonly expired?: boolean;
}

/** Signs certificates, for as long as a test lasts. */
export interface Authority {
  readonly cert: string;
  issue(wanted?: Wanted): Promise<Identity>;
}

/** A new authority that nobody knows. */
export async function makeAuthority(name = 'Test CA'): Promise<Authority> {
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name} ${serial()}`,
    keys,
    ...validity(false),
    signingAlgorithm: algorithm,
    serialNumber: serial(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    cert: ca.toString('pem'),
    async issue({ names = ['localhost', '127.0.0.1'], expired = false } = {}) {
      const own = await newKeys();
      const cert = await x509.X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? 'client'}`,
        issuer: ca.subject,
        ...validity(expired),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        serialNumber: serial(),
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
          ),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        ],
      });
      return { cert: cert.toString('pem'), key: await pemOf(own.privateKey) };
    },
  };
}

/** A directory for files of a test, by their names; `write` replaces one by a rename, as careful writers do. */
export async function filesOf(
  files: Readonly<Record<string, string>>,
): Promise<{ path(name: string): string; write(name: string, text: string): Promise<void>; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-files-'));
  const path = (name: string) => join(directory, name);
  const write = async (name: string, text: string) => {
    await writeFile(path(`.${name}.new`), text, { mode: 0o600 });
    await rename(path(`.${name}.new`), path(name));
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { path, write, remove: () => rm(directory, { recursive: true, force: true }) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function validity(expired: boolean): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(Date.now() - 30 * DAY_MS),
    notAfter: new Date(Date.now() + (expired ? -DAY_MS : 30 * DAY_MS)),
  };
}

function serial(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
    .toString('hex')
    .replace(/^[89a-f]/, '1');
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
