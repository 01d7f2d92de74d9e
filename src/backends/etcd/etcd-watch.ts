import type { RegistrarError } from '../../core/errors.js';
import { isGood } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import type { EtcdClient } from './etcd-client.js';
import { toBytes } from './etcd-codec.js';
import { notEtcd, refusal } from './etcd-errors.js';

/** One message of a watch stream, as the gateway sends it. */
export interface WatchMessage {
  readonly result?: {
    readonly header?: { readonly revision?: unknown };
    readonly watch_id?: string;
    readonly events?: readonly unknown[];
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly compact_revision?: string;
  };
}

/**
 * `changed`: a key was written or removed after that revision. `compacted`: etcd has forgotten what happened since, so
 * there may have been a change.
 */
export type WatchOutcome = 'changed' | 'compacted';

/** One long poll for changes of these keys after a revision. */
export async function watchKeys(
  client: EtcdClient,
  keys: readonly string[],
  after: string,
  { operation, signal }: { readonly operation: string; readonly signal: AbortSignal },
): Promise<WatchOutcome> {
  const start_revision = String(BigInt(after) + 1n);
  const body = keys.map((key) => ({ create_request: { key: toBytes(key), start_revision } }));
  const answer = await client.send({ operation, path: '/watch', pool: 'poll', body, isLast }, signal);
  if (answer.status === 200 && answer.body === undefined) throw notEtcd(operation, client.shown);
  if (!isGood(answer)) throw refusal(answer, operation, client.shown);
  const { result } = answer.body as WatchMessage;
  if (result?.canceled !== true) return 'changed';
  if (isCompacted(result)) return 'compacted';
  throw canceled(answer, operation, client.shown);
}

/** True if etcd canceled a watch because it has forgotten the revision from which it begins. */
export function isCompacted({ compact_revision }: NonNullable<WatchMessage['result']>): boolean {
  return compact_revision !== undefined && compact_revision !== '0';
}

/** The error for a watch that etcd canceled by the last message of the answer. */
export function canceled(answer: Answer, operation: string, shown: string): RegistrarError {
  const { result } = answer.body as WatchMessage;
  const message = result?.cancel_reason ?? 'the watch was canceled';
  return refusal({ ...answer, body: { message } }, operation, shown);
}

/** For each watch, one message says that it was created. The first of another kind is what the poll waits for. */
function isLast(message: unknown): boolean {
  const { result } = (message ?? {}) as WatchMessage;
  return result === undefined || result.canceled === true || (result.events ?? []).length > 0;
}
