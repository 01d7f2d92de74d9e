import { processWide } from './process-wide.js';
import { tracesOf } from './secret-traces.js';
import type { Trace } from './secret-traces.js';

/** Stands for what is not shown. */
export const HIDDEN = '(hidden)';

/** The most that are remembered of each kind; the oldest is forgotten first. */
const MOST = 500;

/** Secrets that change are apart, lest they push out those that last. */
type KnownSecrets = Readonly<Record<'lasting' | 'changing', Map<string, readonly Trace[]>>>;

const known = (): KnownSecrets => processWide('secrets', () => ({ lasting: new Map(), changing: new Map() }));

/**
 * Remembers a secret for the whole process: from now on nothing that rollcall says shows it. `changing`: others of the
 * same source will follow, as from a function.
 */
export function rememberSecret(secret: string, kind: keyof KnownSecrets = 'lasting'): void {
  const { lasting, [kind]: remembered } = known();
  if (lasting.has(secret)) return;
  const traces = remembered.get(secret) ?? tracesOf(secret);
  // The newest is the last.
  remembered.delete(secret);
  remembered.set(secret, traces);
  if (remembered.size > MOST) remembered.delete(remembered.keys().next().value as string);
}

/** Hides every remembered secret in a text: as it is, and in the escapes of JSON, URLs, HTML and base64. */
export function redact(text: string): string {
  const found: Trace[] = [];
  for (const secrets of Object.values(known()))
    for (const traces of secrets.values())
      for (const trace of traces) if (trace.anchors.some((anchor) => text.includes(anchor))) found.push(trace);
  if (found.length === 0) return text;
  // The longest first, since one secret may begin another.
  return found
    .sort((one, other) => other.length - one.length)
    .reduce((clean, { pattern }) => clean.replace(pattern, HIDDEN), text);
}

/** True for a text in which a remembered secret occurs. */
export function holdsSecret(text: string): boolean {
  return redact(text) !== text;
}

/** True for a text that may be a URL or carry a user and password, which no message repeats. */
export function mayHoldCredentials(text: string): boolean {
  return text.includes('://') || text.includes('@');
}
