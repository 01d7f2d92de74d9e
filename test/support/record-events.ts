import type { EventName, Listener, RegistrarEvents } from '../../src/contracts/events.js';

/** Anything that tells events as a Registrar does. */
export interface EventSource {
  on<N extends EventName>(event: N, listener: Listener<N>): () => void;
}

export type RecordedEvent = { [N in EventName]: { readonly name: N; readonly payload: RegistrarEvents[N] } }[EventName];

export interface EventRecord {
  /** Everything told so far, oldest first. */
  readonly all: readonly RecordedEvent[];
  /** The payloads of one event so far, oldest first. */
  of<N extends EventName>(name: N): RegistrarEvents[N][];
  /**
   * The first event of that name that `next` has not handed out yet, be it past or future: nothing is missed between two
   * awaits. Rejects after `timeoutMs` with what came instead. @default 10 s
   */
  next<N extends EventName>(name: N, timeoutMs?: number): Promise<RegistrarEvents[N]>;
  /** Forgets what has been told so far: `next` waits for what comes from now on. */
  clear(): void;
  /** Stops listening. */
  stop(): void;
}

// A record and not an array, so that the compiler misses an event that is not here.
const names: Readonly<Record<EventName, true>> = {
  state: true,
  address: true,
  registered: true,
  lost: true,
  recovered: true,
  fellBack: true,
  failedBack: true,
  member: true,
  rotated: true,
  beat: true,
  beatMissed: true,
  health: true,
  component: true,
  maintenance: true,
  conflict: true,
  drift: true,
  updated: true,
  configRejected: true,
  stopWaits: true,
  sharedSignals: true,
  draining: true,
  deregistered: true,
  stopped: true,
  failed: true,
  warning: true,
};

/** Every event a Registrar has. */
export const eventNames = Object.keys(names) as readonly EventName[];

/** Listens to every event of a Registrar from now on. */
export function recordEvents(source: EventSource): EventRecord {
  const all: RecordedEvent[] = [];
  const handedOut = new Map<EventName, number>();
  const waiting = new Set<() => void>();
  const offs = eventNames.map((name) =>
    source.on(name, (payload) => {
      all.push({ name, payload } as RecordedEvent);
      for (const look of [...waiting]) look();
    }),
  );

  const of = <N extends EventName>(name: N) =>
    all.filter((event) => event.name === name).map((event) => event.payload as RegistrarEvents[N]);
  const take = <N extends EventName>(name: N): RegistrarEvents[N] | undefined => {
    const position = handedOut.get(name) ?? 0;
    const payload = of(name)[position];
    if (payload !== undefined) handedOut.set(name, position + 1);
    return payload;
  };

  return {
    all,
    of,
    next: (name, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const payload = take(name);
          if (payload === undefined) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve(payload);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          const told = all.map((event) => event.name).join(', ');
          reject(new Error(`No '${name}' within ${timeoutMs} ms; told were: ${told || 'nothing'}`));
        }, timeoutMs);
        waiting.add(look);
        look();
      }),
    clear: () => {
      all.length = 0;
      handedOut.clear();
    },
    stop: () => {
      for (const off of offs) off();
    },
  };
}
