import type { HealthReport } from '../contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry } from '../contracts/registry.js';

/** Tells what is ours from whatever else goes over the channel between a worker of node:cluster and its primary. */
const MARK = 'rollcall/cluster';

/** What a worker asks of its primary: a registry's verbs, about its own part in the instance. */
export type Request =
  | { readonly verb: 'read'; readonly key: InstanceKey }
  | { readonly verb: 'register'; readonly instance: ServiceInstance; readonly report: HealthReport }
  | { readonly verb: 'renew'; readonly key: InstanceKey; readonly report: HealthReport }
  | { readonly verb: 'remove'; readonly key: InstanceKey };

/** `handedOver`: other workers go on serving on the same port. */
export type Answer =
  | { readonly outcome: 'done'; readonly entry?: Entry; readonly handedOver?: boolean }
  | { readonly outcome: 'lost' }
  | { readonly outcome: 'refused'; readonly problem: string };

/** `hello`: is there a primary that speaks for this service? */
export type FromWorker =
  { readonly kind: 'hello' } | { readonly kind: 'request'; readonly number: number; readonly request: Request };

/** `here`: there is. `stop`: the whole instance stops, and this worker with it. */
export type ToWorker =
  | { readonly kind: 'here' }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: Answer }
  | { readonly kind: 'stop' };

/** As it goes over the channel. */
export function seal(service: string, message: FromWorker | ToWorker): object {
  return { rollcall: MARK, service, ...message };
}

/** What came over the channel, if it is ours and about that service: whoever is at the other end has sealed it. */
export function unseal(service: string, message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('rollcall' in message) || !('service' in message))
    return undefined;
  return message.rollcall === MARK && message.service === service ? message : undefined;
}
