import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Presence, Registration, Renewal } from '../../contracts/registry.js';
import { parseSlicedJson } from '../../core/sliced-json.js';
import { meansLost } from './consul-answer.js';
import type { Answer, WholeAnswer } from './consul-answer.js';
import type { ConsulClient, ConsulRequest } from './consul-client.js';
import { decodeNonce, encodeReport, goDuration, ttlCheckId } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import { blamesOutput } from './consul-meanings.js';
import type { ConsulTarget } from './consul-options.js';
import { consulPath } from './consul-path.js';
import { ConsulPresence } from './consul-presence.js';
import type { ConsulSightings } from './consul-sightings.js';

/** The registration of one entry on one agent. */
export class ConsulRegistration implements Registration {
  readonly #holder: string;
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;
  readonly #instance: ServiceInstance;
  readonly presence: Presence;
  readonly #remove: (key: InstanceKey, signal: AbortSignal) => Promise<void>;
  readonly #sightings: ConsulSightings;
  readonly #renewal: Renewal;
  readonly #beatPath: string;
  #beat: { readonly report: HealthReport; readonly request: ConsulRequest } | undefined;
  /** A reason without which the beat was accepted. */
  #refusedReason: string | undefined;
  /** Generation of the token that wrote the entry. The agent uses that token for its own requests to the servers. */
  readonly #generation: number;
  /** Hash of the entry's definition, as last read. */
  #hash: string | undefined;

  constructor(
    holder: string,
    client: ConsulClient,
    target: ConsulTarget,
    instance: ServiceInstance,
    generation: number,
    sightings: ConsulSightings,
    remove: (key: InstanceKey, signal: AbortSignal) => Promise<void>,
  ) {
    this.#holder = holder;
    this.#client = client;
    this.#target = target;
    this.#instance = instance;
    this.#generation = generation;
    this.#sightings = sightings;
    this.#remove = remove;
    this.presence = new ConsulPresence(client, target, instance, sightings);
    this.#renewal = { ttlMs: instance.ttlMs };
    this.#beatPath = consulPath('/agent/check/update/', ttlCheckId(instance.id), instance, target);
  }

  holder(): string {
    return this.#holder;
  }

  hasStaleCredentials(): boolean {
    return this.#client.credentials.generation !== this.#generation;
  }

  async renew(report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const answer = await this.#sendBeat(report, signal);
    if (answer.status === 200) return this.#renewal;
    if (meansLost(answer)) {
      throw new RegistrationLostError(
        `Consul at ${this.#client.shown} no longer has ${this.#instance.id}: ` +
          'it was deregistered, or the agent has lost its data',
        { registry: 'consul', operation: 'renew' },
      );
    }
    throw refusal(answer, 'renew', this.#client.shown);
  }

  async changed(signal: AbortSignal): Promise<void> {
    this.#hash ??= await this.#readHash({}, signal);
    if (this.#hash === undefined) return;
    const query = { hash: this.#hash, wait: goDuration(this.#target.timeouts.pollMs) };
    this.#hash = await this.#sightings.whileWatched(this.#instance.nonce, signal, () => this.#readHash(query, signal));
  }

  deregister(signal: AbortSignal): Promise<void> {
    return this.#remove(keyOf(this.#instance), signal);
  }

  /** Sends the beat without its reason if that is refused: no reason may cost a healthy instance its beat. */
  async #sendBeat(report: HealthReport, signal: AbortSignal): Promise<Answer> {
    const { status, reason } = report;
    if (reason !== this.#refusedReason) {
      const answer = await this.#client.send(this.#beatRequest(report), signal);
      if (reason === '' || !blamesOutput(answer)) return answer;
    }
    const answer = await this.#client.send(this.#beatRequest({ status, reason: '' }), signal);
    this.#refusedReason = answer.status === 200 ? reason : undefined;
    return answer;
  }

  #beatRequest(report: HealthReport): ConsulRequest {
    const last = this.#beat;
    if (last?.report.status === report.status && last.report.reason === report.reason) return last.request;
    const body = Buffer.from(JSON.stringify(encodeReport(report)));
    const request: ConsulRequest = { operation: 'renew', method: 'PUT', path: this.#beatPath, pool: 'beat', body };
    this.#beat = { report, request };
    return request;
  }

  /**
   * Reads the entry's hash; undefined if there is no entry. With a hash in `query` it is a long poll until that one
   * changes.
   */
  async #readHash(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string | undefined> {
    const { id, nonce } = this.#instance;
    const path = consulPath('/agent/service/', id, this.#instance, this.#target, query);
    const answer = await this.#client.send({ operation: 'changed', method: 'GET', path, pool: 'poll' }, signal);
    if (answer.status === 200 && (await nonceIn(answer, signal)) === nonce) this.#sightings.saw(nonce);
    else this.#sightings.missed(nonce);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusal(answer, 'changed', this.#client.shown);
    const hash = answer.headers['x-consul-contenthash'];
    if (typeof hash !== 'string') throw notConsul('changed', this.#client.shown);
    return hash;
  }
}

/** Undefined for a body that has none. */
async function nonceIn({ body }: WholeAnswer, signal: AbortSignal): Promise<string | undefined> {
  try {
    return decodeNonce(await parseSlicedJson(body, signal));
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
