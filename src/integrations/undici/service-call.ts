import { isGivenUp, isIdempotentMethod, judgeError, judgeStatus } from '../../balancing/judge-call.js';
import type { CallVerdict } from '../../balancing/judge-call.js';
import type { BalancedCall } from '../../balancing/balancer.js';
import { NoInstanceError } from '../../core/errors.js';
import { isIpLiteral } from '../../net/ip-address.js';
import type { ServiceCalls } from '../../discovery/service-calls.js';
import { AttemptHandler } from './attempt-handler.js';
import type { AttemptPhase } from './attempt-handler.js';
import type { Controller, Dispatch, DispatchOptions, Handler } from './dispatching.js';
import { isReplayable } from './is-replayable.js';
import type { ServiceUrl } from './service-url.js';
import { withHost } from './with-host.js';

export interface ServiceCallPlan {
  readonly dispatch: Dispatch;
  readonly request: DispatchOptions;
  readonly handler: Handler;
  readonly url: ServiceUrl;
  readonly calls: ServiceCalls;
}

/** One request to a service: an attempt, and a second one on another instance where `run` would make one too. */
export class ServiceCall {
  readonly #plan: ServiceCallPlan;
  readonly #headers: unknown;
  #attempts = 0;

  constructor(plan: ServiceCallPlan) {
    this.#plan = plan;
    this.#headers = withHost(plan.request.headers, plan.url.host);
  }

  /** Returns what `dispatch` does. Throws `NoInstanceError`. */
  start(): boolean {
    const { calls } = this.#plan;
    const picked = calls.pick();
    calls.budget.called();
    return this.#send(picked);
  }

  /** Counts the answer of an attempt. True if another attempt replaces it. */
  answered(picked: BalancedCall, status: number, controller: Controller): boolean {
    const verdict = judgeStatus(status);
    picked.done(verdict.outcome);
    return this.#repeat(picked, verdict, 'sent', controller);
  }

  /** Counts the failure of an attempt. True if another attempt is under way. */
  failed(picked: BalancedCall, error: unknown, phase: AttemptPhase, controller: Controller | null): boolean {
    const verdict = judgeError(error);
    picked.done(isGivenUp(error, this.#signal) ? 'ignored' : verdict.outcome);
    return this.#repeat(picked, verdict, phase, controller);
  }

  #send(picked: BalancedCall): boolean {
    const { dispatch, request, handler, url } = this.#plan;
    const { origin, instance } = picked;
    const isSecure = origin.startsWith('https:');
    if (url.isSecure && !isSecure) {
      picked.done('ignored');
      throw new NoInstanceError(
        `https://${url.host} is not sent to ${origin}, which does not serve https: call http://${url.host}, ` +
          'or register the instance with the meta `scheme: https`',
        { operation: 'dispatch' },
      );
    }
    this.#attempts += 1;
    const serverName = isSecure ? (instance.tls?.serverName ?? nameIn(origin)) : undefined;
    const sent = { ...request, origin, headers: this.#headers, ...(serverName && { servername: serverName }) };
    const attempt = new AttemptHandler(this, picked, handler);
    try {
      return dispatch(sent, attempt);
    } catch (error) {
      attempt.onResponseError(null, error);
      return true;
    }
  }

  #repeat(last: BalancedCall, verdict: CallVerdict, phase: AttemptPhase, controller: Controller | null): boolean {
    const isOver = this.#attempts > 1 || controller?.aborted === true || this.#signal?.aborted === true;
    const { calls } = this.#plan;
    if (isOver || !this.#mayRepeat(verdict, phase) || !calls.budget.take()) return false;
    try {
      this.#send(calls.pick(last));
      return true;
    } catch {
      // The first attempt's end says more.
      return false;
    }
  }

  #mayRepeat({ repeatable }: CallVerdict, phase: AttemptPhase): boolean {
    if (repeatable === 'never') return false;
    // Its body was not touched either.
    if (phase === 'queued') return true;
    return (repeatable === 'always' || this.#isIdempotent) && isReplayable(this.#plan.request.body);
  }

  get #isIdempotent(): boolean {
    const { method, upgrade, idempotent } = this.#plan.request;
    if (typeof idempotent === 'boolean') return idempotent;
    return !upgrade && typeof method === 'string' && isIdempotentMethod(method);
  }

  get #signal(): AbortSignal | undefined {
    const { signal } = this.#plan.request;
    return signal instanceof AbortSignal ? signal : undefined;
  }
}

/** The name that the certificate has to carry; undefined for an IP address, which TLS has no place for. */
function nameIn(origin: string): string | undefined {
  const { hostname } = new URL(origin);
  return isIpLiteral(hostname) ? undefined : hostname;
}
