/** Hears of each request that is sent on behalf of one owner, e.g. a Registrar. */
export interface RequestMeter {
  sent(): void;
}

/** By the signal of the work that the requests belong to: the one thing that every layer passes on to the wire. */
const meters = new WeakMap<AbortSignal, RequestMeter>();

/** Counts the requests under `signal` with this meter; undefined: with none. */
export function meterRequests(signal: AbortSignal, meter: RequestMeter | undefined): void {
  if (meter === undefined) meters.delete(signal);
  else meters.set(signal, meter);
}

/** The meter of the work that `signal` ends. */
export function meterOf(signal: AbortSignal | undefined): RequestMeter | undefined {
  return signal && meters.get(signal);
}

/** Call it for each request that goes out under `signal`. */
export function countRequest(signal: AbortSignal): void {
  meters.get(signal)?.sent();
}
