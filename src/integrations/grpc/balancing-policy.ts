import type { ChannelOptions, experimental, status as Status } from '@grpc/grpc-js';
import type { Outcome, Picked } from '../../balancing/picked.js';
import { asError, isError } from '../../core/errors.js';
import type { ResolvedService } from '../../discovery/resolved-service.js';
import { hostPort } from '../../net/ip-address.js';
import type { GrpcModule } from './grpc-module.js';
import { POLICY, SERVICE } from './names.js';
import { Subchannels } from './subchannels.js';

/** How many instances are tried for a call until one is connected. */
const MOST_TRIES = 5;

type Registering = Parameters<GrpcModule['experimental']['registerLoadBalancerType']>;

/** The classes of the policy and of its settings, of which there are none. */
export function balancingPolicy(grpc: GrpcModule): {
  readonly Policy: Registering[1];
  readonly Settings: Registering[2];
} {
  const { PickResultType } = grpc.experimental;
  const { READY, TRANSIENT_FAILURE, CONNECTING } = grpc.connectivityState;

  class Settings implements experimental.TypedLoadBalancingConfig {
    static createFromJson(): Settings {
      return new Settings();
    }

    getLoadBalancerName(): string {
      return POLICY;
    }

    toJsonObject(): object {
      return { [POLICY]: {} };
    }
  }

  /** Lets the resolver's balancer choose, and connects to an instance when it is first chosen. */
  class Policy implements experimental.LoadBalancer, experimental.Picker {
    readonly #helper: experimental.ChannelControlHelper;
    readonly #subchannels: Subchannels;
    #service: ResolvedService | undefined;
    #isDestroyed = false;

    constructor(helper: experimental.ChannelControlHelper) {
      this.#helper = helper;
      this.#subchannels = new Subchannels(helper, grpc, () => this.#publish());
    }

    updateAddressList(
      endpoints: experimental.StatusOr<experimental.Endpoint[]>,
      _settings: experimental.TypedLoadBalancingConfig,
      options: ChannelOptions,
    ): boolean {
      const { [SERVICE]: service, ...own } = options;
      if (!endpoints.ok || service === undefined) return false;
      this.#service = service as ResolvedService;
      const addresses = endpoints.value.flatMap((endpoint) => endpoint.addresses);
      this.#subchannels.update(
        new Set(addresses.flatMap((address) => ('host' in address ? hostPort(address.host, address.port) : []))),
        own,
      );
      this.exitIdle();
      this.#publish();
      return true;
    }

    /** Connects to one instance, for a client that waits until it is ready. */
    exitIdle(): void {
      if (this.#subchannels.isAny(READY) || this.#subchannels.isAny(CONNECTING)) return;
      const picked = this.#choose();
      if (isError(picked)) return;
      this.#subchannels.of(picked.instance)?.startConnecting();
      picked.done('ignored');
    }

    pick(): experimental.PickResult {
      let isWaiting = false;
      let problem = 'no instance is connected';
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const picked = this.#choose();
        if (isError(picked)) return failed(picked.message);
        const subchannel = this.#subchannels.of(picked.instance);
        const state = subchannel?.getConnectivityState();
        if (subchannel !== undefined && state === READY)
          return completed(subchannel, (code) => {
            picked.done(outcomeOf(code));
          });
        if (state === TRANSIENT_FAILURE) {
          const next = `${picked.instance.id} takes no connection`;
          // Once a call, however often it is chosen for it.
          picked.done(next === problem ? 'ignored' : 'refused');
          problem = next;
        } else {
          isWaiting = true;
          subchannel?.startConnecting();
          picked.done('ignored');
        }
      }
      const ready = this.#subchannels.nextReady();
      if (ready !== undefined) return completed(ready, undefined);
      return isWaiting ? queued : failed(problem);
    }

    resetBackoff(): void {
      // The subchannels have their own.
    }

    destroy(): void {
      this.#isDestroyed = true;
      this.#subchannels.close();
    }

    getTypeName(): string {
      return POLICY;
    }

    #choose(): Picked | Error {
      try {
        if (this.#service === undefined) return new Error('nothing is known of the service yet');
        return this.#service.pick();
      } catch (thrown) {
        return asError(thrown);
      }
    }

    /** Lets the client choose anew for the calls that wait. */
    #publish(): void {
      if (this.#isDestroyed) return;
      const isFailing = this.#subchannels.isEach(TRANSIENT_FAILURE);
      const state = this.#subchannels.isAny(READY) ? READY : isFailing ? TRANSIENT_FAILURE : CONNECTING;
      this.#helper.updateState(state, this, isFailing ? 'no instance takes a connection' : null);
    }
  }

  const none = { subchannel: null, status: null, onCallStarted: null, onCallEnded: null };
  const queued: experimental.PickResult = { ...none, pickResultType: PickResultType.QUEUE };

  function completed(
    subchannel: experimental.SubchannelInterface,
    onCallEnded: ((code: Status) => void) | undefined,
  ): experimental.PickResult {
    return { ...none, pickResultType: PickResultType.COMPLETE, subchannel, onCallEnded: onCallEnded ?? null };
  }

  function failed(details: string): experimental.PickResult {
    const status = { code: grpc.status.UNAVAILABLE, details, metadata: new grpc.Metadata() };
    return { ...none, pickResultType: PickResultType.TRANSIENT_FAILURE, status };
  }

  /** A status that says nothing of the instance counts as an answer; a caller that gave up says nothing at all. */
  function outcomeOf(code: Status): Outcome {
    const { UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED } = grpc.status;
    if (code === UNAVAILABLE || code === DEADLINE_EXCEEDED) return 'failed';
    return code === CANCELLED ? 'ignored' : 'ok';
  }

  return { Policy, Settings };
}
