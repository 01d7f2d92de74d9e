import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import type { FromService, ServicePlan, ToService } from './service-plan.js';

/** On a machine that runs much else. */
const STARTS_WITHIN_MS = 60_000;

/** A service of ours in a process of its own. */
export class ObservedService {
  readonly #process: ForkedService;

  constructor(plan: ServicePlan) {
    this.#process = forkService(new URL('service.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  }

  /** When it began to listen. */
  async listening(): Promise<number> {
    return (await this.#first('listening')).at;
  }

  /** When its readiness gate opened; undefined: it has not yet. */
  get openedAt(): number | undefined {
    return this.#told('opened')[0]?.at;
  }

  /** How long `register()` took the caller's time. */
  async settled(timeoutMs?: number): Promise<number> {
    return (await this.#first('settled', timeoutMs)).tookMs;
  }

  /** What its Registrar told after it was registered, oldest first. */
  get told(): readonly Extract<FromService, { kind: 'told' | 'state' }>[] {
    return (this.#process.messages as FromService[]).filter(
      (message) => message.kind === 'told' || message.kind === 'state',
    );
  }

  /** Collects its garbage and reads its memory. */
  async memory(): Promise<{ heapUsed: number; rss: number }> {
    const before = this.#told('memory').length;
    this.#ask({ ask: 'memory' });
    const isNew = (message: unknown): message is Extract<FromService, { kind: 'memory' }> =>
      this.#told('memory').indexOf(message as never) >= before;
    const { heapUsed, rss } = await this.#process.waitForMessage(isNew);
    return { heapUsed, rss };
  }

  /** Gives its entry another tag; resolves once the registry has taken it. */
  async tag(tag: string): Promise<void> {
    this.#ask({ ask: 'tag', tag });
    await this.#process.waitForMessage(
      (message): message is FromService =>
        (message as FromService).kind === 'tagged' && (message as { tag: string }).tag === tag,
    );
  }

  /** Resolves to the errors that it met on its way. */
  async stop(): Promise<readonly string[]> {
    this.#ask({ ask: 'stop' });
    return (await this.#first('stopped')).errors;
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  #ask(message: ToService): void {
    this.#process.send(message);
  }

  #told<K extends FromService['kind']>(kind: K): Extract<FromService, { kind: K }>[] {
    const messages = this.#process.messages as FromService[];
    return messages.filter((message): message is Extract<FromService, { kind: K }> => message.kind === kind);
  }

  #first<K extends FromService['kind']>(
    kind: K,
    timeoutMs = STARTS_WITHIN_MS,
  ): Promise<Extract<FromService, { kind: K }>> {
    const isIt = (message: unknown): message is Extract<FromService, { kind: K }> =>
      (message as FromService).kind === kind;
    return this.#process.waitForMessage(isIt, timeoutMs);
  }
}
