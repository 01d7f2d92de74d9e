import { isGood } from './etcd-answer.js';
import type { EtcdClient } from './etcd-client.js';
import { toBytes } from './etcd-codec.js';
import { notEtcd, refusal } from './etcd-errors.js';

interface WatchMessage {
  readonly result?: {
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
  if (result.compact_revision !== undefined && result.compact_revision !== '0') return 'compacted';
  const message = result.cancel_reason ?? 'the watch was canceled';
  throw refusal({ ...answer, body: { message } }, operation, client.shown);
}

/** For each watch, one message says that it was created. The first of another kind is what the poll waits for. */
function isLast(message: unknown): boolean {
  const { result } = (message ?? {}) as WatchMessage;
  return result === undefined || result.canceled === true || (result.events ?? []).length > 0;
}
