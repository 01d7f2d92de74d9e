import { readFileSync } from 'node:fs';
import type { Chaos } from '../chaos.js';
import type { RegistrarPlan } from '../hostile-plan.js';

/** A real server, for as long as one backend is under test. */
export interface World {
  /** That nobody but us may see, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Registrars of a service, each with a way of its own to the server, on which answers are as the chaos says. */
  side(service: string, chaos: Chaos): Promise<Side>;
  /** What others keep on the server, as far as it is gone. */
  destroyed(): Promise<string[]>;
  close(): Promise<void>;
}

/** The Registrars of one process, as the real server sees them. */
export interface Side {
  readonly registrars: readonly RegistrarPlan[];
  /** Where a request arrives as if the first Registrar had sent it. */
  readonly url?: string;
  /** The ids that readers find in traffic, with their right addresses. */
  passing(): Promise<ReadonlySet<string>>;
  /** Mischief that waits for no request. */
  begin?(): void;
  heal?(): Promise<void>;
  close(): void;
}

export interface WorldOptions {
  readonly registrars: number;
  /** A secret that the server gives us on the way. */
  readonly onSecret: (name: string, secret: string) => void;
}

export type StartWorld = (options: WorldOptions) => Promise<World>;

export const ADDRESS = '127.0.0.1';
const FIRST_PORT = 3_000;

export function portOf(index: number): number {
  return FIRST_PORT + index;
}

export function idOf(service: string, index: number): string {
  return `${service}-${index}`;
}

const pem = (name: string) =>
  readFileSync(new URL(`../../../support/tls/localhost.${name}.pem`, import.meta.url), 'utf8');

/** Every third Registrar speaks TLS and has a key of its own. */
export function speaksTls(index: number): boolean {
  return index % 3 === 2;
}

export const serverTls = { cert: pem('cert'), key: pem('key') };
export const clientTls = { ca: serverTls.cert, cert: serverTls.cert, key: serverTls.key, serverName: 'localhost' };
/** A line of the key: an output may have one without the others. */
export const keySecret = serverTls.key.split('\n')[2] ?? '';
