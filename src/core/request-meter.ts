/** Admits each request that is sent on behalf of one owner, e.g. a Registrar. */
export interface RequestMeter {
  /** Undefined: it may be sent now. Otherwise resolves when it may, also when the work that it belongs to has ended. */
  admit(): Promise<void> | undefined;
}

/** By the signal of the work that the requests belong to: the one thing that every layer passes on to the wire. */
const meters = new WeakMap<AbortSignal, RequestMeter>();

/** Admits the requests under `signal` by this meter; undefined: at once. */
export function meterRequests(signal: AbortSignal, meter: RequestMeter | undefined): void {
  if (meter === undefined) meters.delete(signal);
  else meters.set(signal, meter);
}

/** The meter of the work that `signal` ends. */
export function meterOf(signal: AbortSignal | undefined): RequestMeter | undefined {
  return signal && meters.get(signal);
}

/** Await it just before each request that goes out under `signal`. */
export function admitRequest(signal: AbortSignal): Promise<void> | undefined {
  return meters.get(signal)?.admit();
}
