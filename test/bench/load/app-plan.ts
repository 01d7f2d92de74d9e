/** A server to be put under load. */
export interface AppPlan {
  /** What its handler answers to everything. */
  readonly answer: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** Absent: it runs without one. */
  readonly registrar?: {
    /** The agent. */
    readonly url: string;
    /** Of its components. */
    readonly interval: string;
  };
}

/** What it tells when it is asked. */
export interface AppFacts {
  /** Calls of code that the service gave to its Registrar. */
  readonly userCalls: number;
}
