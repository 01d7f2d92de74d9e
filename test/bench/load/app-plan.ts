/** A server to be put under load. */
export interface AppPlan {
  /** What its handler answers to everything. */
  readonly answer: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** True: it asks another service at each request, and its answer waits for that one's. */
  readonly asks?: boolean;
  /** Absent: it runs without one. */
  readonly registrar?: {
    /** The agent. */
    readonly url: string;
    /** Of its components. */
    readonly interval: string;
    /** Where its heartbeats come from. */
    readonly thread: 'main' | 'worker';
    /** False: it belongs to another server of the same process, which nobody asks. */
    readonly bound: boolean;
  };
  /** The agent that it asks something of once a second, as code without a Registrar does; absent: it does not. */
  readonly polls?: string;
}

/** The plan, and where the other service listens. */
export interface StartedAppPlan extends AppPlan {
  readonly otherPort: number;
}

/** What it tells when it is asked. */
export interface AppFacts {
  /** Calls of code that the service gave to its Registrar. */
  readonly userCalls: number;
}
