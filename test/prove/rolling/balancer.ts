/** What callers ask, which passes each request on to an instance. */
export interface Balancer {
  readonly port: number;
  /** What a path begins with that goes to the service. */
  readonly prefix: string;
  /** How a request ended, by its `x-request`; undefined: the balancer does not tell, or has never heard of it. */
  endOf(id: string): string | undefined;
  /** Requests that it made once more; undefined: it never does that. */
  repeats(): number | undefined;
  stop(): Promise<void>;
}
