import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { TimeoutError } from '../core/errors.js';
import { discardAnswer } from './discard-answer.js';
import { hasStreamBody, isGivenUp, isIdempotent, judgeError, judgeResult } from './judge-call.js';
import type { CallVerdict } from './judge-call.js';
import type { BalancedCall } from './balancer.js';
import type { Outcome } from './picked.js';
import type { RetryBudget } from './retry-budget.js';

/** With less time left a call is not repeated; a timer may also fire so much early. */
const LEAST_LEFT_MS = 1;

/** What a call gets beside the origin. */
export interface Attempt {
  /** Aborts when the attempt has taken too long, or the caller gives up; pass it to the client. */
  readonly signal: AbortSignal;
  /** 1, or 2 for the repeated call. */
  readonly attempt: number;
  readonly instance: ResolvedInstance;
}

/** One call of a service. */
export type Call<T> = (origin: string, attempt: Attempt) => T | Promise<T>;

/** The checked options of `run`. */
export interface RunRules {
  /** Of the whole call. */
  readonly timeoutMs: number;
  /** Of each attempt. */
  readonly attemptTimeoutMs: number;
  /** Undefined: as the error says, and otherwise not. */
  readonly idempotent: boolean | undefined;
  /** False: the call is never repeated. */
  readonly retry: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface RunPlan {
  readonly service: string;
  readonly clock: Clock;
  readonly budget: RetryBudget;
  /** Throws `NoInstanceError`. `avoid`: another instance than that one, if there is another. */
  readonly pick: (avoid?: BalancedCall) => BalancedCall;
}

/** What an attempt gave: the call settles as the last one did. */
type Settled<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Sends a call to an instance, and once more to another one if the first did not serve it. Settles as the last call
 * did; rejects with `NoInstanceError`, with `TimeoutError` on time even if the call ignores its signal, or with the
 * reason of the caller's signal.
 */
export async function runCall<T>(call: Call<T>, rules: RunRules, plan: RunPlan): Promise<T> {
  const { clock, budget } = plan;
  const endsAt = clock.now() + rules.timeoutMs;
  budget.called();
  rules.signal?.throwIfAborted();
  let picked = plan.pick();
  for (let attempt = 1; ; attempt += 1) {
    const ms = Math.min(rules.attemptTimeoutMs, endsAt - clock.now());
    const settled = await attemptOnce(call, { picked, attempt, ms }, rules, plan);
    const verdict = 'error' in settled ? judgeError(settled.error) : judgeResult(settled.value);
    picked.done(outcomeOf(settled, verdict, rules.signal));
    const isLast = attempt > 1 || endsAt - clock.now() < LEAST_LEFT_MS || !mayRepeat(settled, verdict, rules);
    const next = isLast || !budget.take() ? undefined : pickAnother(picked, plan);
    if (next === undefined) return settle(settled);
    discardAnswer('error' in settled ? settled.error : settled.value);
    picked = next;
  }
}

/** Undefined if no instance is there any more: the first attempt's end says more. */
function pickAnother(last: BalancedCall, { pick }: RunPlan): BalancedCall | undefined {
  try {
    return pick(last);
  } catch {
    return undefined;
  }
}

function settle<T>(settled: Settled<T>): T {
  if ('error' in settled) throw settled.error;
  return settled.value;
}

/** The caller's own abort says nothing of the instance; its own timeout does. */
function outcomeOf(settled: Settled<unknown>, { outcome }: CallVerdict, signal: AbortSignal | undefined): Outcome {
  return 'error' in settled && isGivenUp(settled.error, signal) ? 'ignored' : outcome;
}

function mayRepeat(settled: Settled<unknown>, { repeatable }: CallVerdict, rules: RunRules): boolean {
  if (repeatable === 'never' || !rules.retry || rules.signal?.aborted === true) return false;
  const error = 'error' in settled ? settled.error : undefined;
  if (hasStreamBody(error)) return false;
  return repeatable === 'always' || (rules.idempotent ?? isIdempotent(error) ?? false);
}

function attemptOnce<T>(
  call: Call<T>,
  { picked, attempt, ms }: { readonly picked: BalancedCall; readonly attempt: number; readonly ms: number },
  { signal: outer }: RunRules,
  { clock, service }: RunPlan,
): Promise<Settled<T>> {
  const { instance, origin } = picked;
  const controller = new AbortController();
  let isOver = false;
  return new Promise((resolve) => {
    const end = (settled: Settled<T>) => {
      if (isOver) {
        discardAnswer('error' in settled ? settled.error : settled.value);
        return;
      }
      isOver = true;
      cancel();
      removeListener();
      resolve(settled);
    };
    const abort = (error: unknown) => {
      end({ error });
      controller.abort(error);
    };
    const cancel =
      ms === Infinity
        ? () => undefined
        : clock.after(Math.max(0, ms), () => {
            const message = `${service}: ${origin} did not answer within ${String(Math.round(ms))} ms`;
            abort(new TimeoutError(message, { operation: 'run' }));
          });
    // The body of an answer may still be read then, so the signal follows the caller's for as long as that lives.
    const signal = outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal]);
    const removeListener =
      outer === undefined
        ? () => undefined
        : onAbort(outer, () => {
            abort(outer.reason);
          });
    Promise.resolve()
      .then(() => call(origin, { signal, attempt, instance }))
      .then(
        (value) => {
          end({ value });
        },
        (error: unknown) => {
          end({ error });
        },
      );
  });
}
