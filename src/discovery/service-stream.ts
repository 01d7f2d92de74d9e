import type { Discovery, Listing, RegistryNews } from '../contracts/discovery.js';
import type { Clock } from '../core/clock.js';
import { RegistryUnavailableError, TimeoutError, asError } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import { StreamedService } from './streamed-service.js';

/** Services that are followed at about the same time share one stream from its start. */
const GATHER_MS = 10;
/** A stream opens within this time, or not at all. */
const OPEN_WITHIN_MS = 5_000;
/** A stream that is silent may be broken: its successor shows whether the registry still answers. */
const RENEW_EVERY_MS = 10_000;
/** Polls go on beside hints, so a broken stream of them may go unnoticed for longer; a minute is its deadline. */
const RENEW_HINTS_EVERY_MS = 50_000;
/** How long a stream goes on beside its successor, which may have to catch up. */
const OVERLAP_MS = 1_000;
/** A stream that cannot be opened is tried again, while its services are polled. */
const RETRY_MS = 10_000;
const PACE = { burst: 2, refillMs: 1_000 };

/** One stream, from its request to its end. */
interface Stream {
  readonly controller: AbortController;
  isOpen: boolean;
  cancelEnd: () => void;
}

export interface ServiceStreamPlan {
  /** Of the registry. */
  readonly name: string;
  readonly watch: NonNullable<Discovery['watch']>;
  readonly clock: Clock;
}

/**
 * Follows all services of one registry over one stream. It is replaced when more services come, when the registry ends
 * it, and every ten seconds, and overlaps with its successor. A stream that breaks fails for its services, whose users
 * list them anew; where none can be opened, they are polled.
 */
export class ServiceStream {
  readonly #plan: ServiceStreamPlan;
  readonly #pace: TokenBucket;
  readonly #followed = new Map<string, StreamedService>();
  /** The oldest first. */
  readonly #streams = new Set<Stream>();
  #current: Stream | undefined;
  #starting: AbortController | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(plan: ServiceStreamPlan) {
    this.#plan = plan;
    this.#pace = new TokenBucket(plan.clock, PACE);
  }

  /** Follows a service, from its list on. A service has one user. */
  follow(service: string, listing: Listing): StreamedService {
    const { clock } = this.#plan;
    const onLeave = (left: StreamedService) => {
      if (this.#followed.get(service) !== left) return;
      this.#followed.delete(service);
      if (this.#followed.size === 0) this.#endAll();
    };
    const followed = new StreamedService(service, listing, { clock, onLeave });
    this.#followed.set(service, followed);
    this.#startIn(GATHER_MS);
    return followed;
  }

  #endAll(): void {
    this.#cancelTimer();
    this.#starting?.abort();
    this.#starting = undefined;
    this.#current = undefined;
    for (const stream of this.#streams) this.#end(stream);
  }

  /** Starts the next stream, unless one is about to start. */
  #startIn(ms: number): void {
    if (this.#starting !== undefined) return;
    this.#cancelTimer();
    const controller = new AbortController();
    const { signal } = controller;
    this.#starting = controller;
    const start = async () => {
      await this.#plan.clock.sleep(ms, signal);
      await this.#pace.take(signal);
      this.#starting = undefined;
      if (this.#followed.size > 0) this.#start();
    };
    start().catch(() => undefined);
  }

  #start(): void {
    const { clock, name, watch } = this.#plan;
    const stream: Stream = { controller: new AbortController(), isOpen: false, cancelEnd: () => undefined };
    this.#current = stream;
    this.#streams.add(stream);
    const { signal } = stream.controller;
    this.#cancelTimer = clock.after(OPEN_WITHIN_MS, () => {
      const message =
        `${name} did not open a watch within ${String(OPEN_WITHIN_MS / 1_000)} s: ` +
        'check that it is running, and that no proxy before it holds answers back';
      this.#failed(stream, new TimeoutError(message, { registry: name, operation: 'discover' }));
    });
    const services = [...this.#followed.values()].map(({ service, revision }) => ({ service, revision }));
    const onNews = (news: RegistryNews) => {
      if (signal.aborted) return;
      if (news.kind === 'open') this.#opened(stream, services, news);
      else this.#followed.get(news.service)?.take(news);
    };
    // An async function, so that what a registry throws at once is a rejection too.
    const run = async () => watch(services, onNews, signal);
    run().then(
      () => {
        this.#ended(stream);
      },
      (thrown: unknown) => {
        this.#failed(stream, asError(thrown));
      },
    );
  }

  #opened(
    stream: Stream,
    services: readonly { readonly service: string }[],
    news: Extract<RegistryNews, { kind: 'open' }>,
  ): void {
    if (stream.isOpen) return;
    stream.isOpen = true;
    const { clock } = this.#plan;
    for (const older of this.#streams) {
      if (older === stream) break;
      older.cancelEnd();
      older.cancelEnd = clock.after(OVERLAP_MS, () => {
        this.#end(older);
      });
    }
    for (const { service } of services) this.#followed.get(service)?.take(news);
    if (stream !== this.#current || this.#starting !== undefined) return;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(news.revision === undefined ? RENEW_HINTS_EVERY_MS : RENEW_EVERY_MS, () => {
      this.#startIn(0);
    });
  }

  #end(stream: Stream): void {
    stream.cancelEnd();
    this.#streams.delete(stream);
    stream.controller.abort();
  }

  /** The registry ended the stream, e.g. because it stops. The next one shows whether anything is wrong. */
  #ended(stream: Stream): void {
    const { name } = this.#plan;
    if (stream.isOpen && stream === this.#current) {
      this.#end(stream);
      this.#startIn(0);
      return;
    }
    const message = `${name} ended a watch before it was open, so its services are polled: check that it is running`;
    this.#failed(stream, new RegistryUnavailableError(message, { registry: name, operation: 'discover' }));
  }

  /** An older stream may fail: its successor goes on. */
  #failed(stream: Stream, error: Error): void {
    const isCurrent = stream === this.#current;
    this.#end(stream);
    if (!isCurrent) return;
    this.#cancelTimer();
    this.#current = undefined;
    for (const older of this.#streams) this.#end(older);
    // The others are polled, which shows whether the registry answers.
    for (const followed of [...this.#followed.values()])
      if (followed.isTold) {
        this.#followed.delete(followed.service);
        followed.fail(error);
      }
    if (this.#followed.size > 0) this.#startIn(RETRY_MS);
  }
}
