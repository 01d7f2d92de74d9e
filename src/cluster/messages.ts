import type { HealthReport } from '../contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry } from '../contracts/registry.js';

/** Marks our messages among all others on the channel between a worker of node:cluster and its primary. */
const MARK = 'rollcall/cluster';

/** A worker's request to its primary: the verbs of a registry, about the worker's part in the instance. */
export type Request =
  | { readonly verb: 'read'; readonly key: InstanceKey }
  | { readonly verb: 'register'; readonly instance: ServiceInstance; readonly report: HealthReport }
  | { readonly verb: 'renew'; readonly key: InstanceKey; readonly report: HealthReport }
  | { readonly verb: 'remove'; readonly key: InstanceKey };

/** The primary's answer. `handedOver`: other workers go on serving on the same port. */
export type Answer =
  | { readonly outcome: 'done'; readonly entry?: Entry; readonly handedOver?: boolean }
  | { readonly outcome: 'lost' }
  | { readonly outcome: 'refused'; readonly problem: string };

/** From worker to primary. `hello` asks whether the primary coordinates this service. */
export type FromWorker =
  { readonly kind: 'hello' } | { readonly kind: 'request'; readonly number: number; readonly request: Request };

/** From primary to worker. `here` answers `hello`; `stop`: the whole instance stops, including this worker. */
export type ToWorker =
  | { readonly kind: 'here' }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: Answer }
  | { readonly kind: 'stop' };

/** Marks a message for the channel. */
export function seal(service: string, message: FromWorker | ToWorker): object {
  return { rollcall: MARK, service, ...message };
}

/** Returns the message if it is ours and about that service, else undefined. Says nothing of its other fields. */
export function unseal(service: string, message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('rollcall' in message) || !('service' in message))
    return undefined;
  return message.rollcall === MARK && message.service === service ? message : undefined;
}
