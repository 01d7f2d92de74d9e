import type { ChannelOptions, connectivityState as State, experimental } from '@grpc/grpc-js';
import type { ResolvedInstance } from '../../contracts/resolved-instance.js';
import { hostPort } from '../../net/ip-address.js';
import type { GrpcModule } from './grpc-module.js';

type Subchannel = experimental.SubchannelInterface;

/** The connections of one client, by address: one that stays over an update is not touched. */
export class Subchannels {
  readonly #helper: experimental.ChannelControlHelper;
  readonly #ready: State;
  readonly #onChanged: () => void;
  readonly #byAddress = new Map<string, Subchannel>();
  #options: ChannelOptions = {};
  #turn = 0;

  constructor(helper: experimental.ChannelControlHelper, { connectivityState }: GrpcModule, onChanged: () => void) {
    this.#helper = helper;
    this.#ready = connectivityState.READY;
    this.#onChanged = onChanged;
  }

  /** Lets go of those whose instances have left; their calls finish. */
  update(addresses: ReadonlySet<string>, options: ChannelOptions): void {
    this.#options = options;
    for (const [address, subchannel] of this.#byAddress) if (!addresses.has(address)) this.#drop(address, subchannel);
  }

  /** Opens none before it is asked for. Undefined for an instance without an address or a port. */
  of({ address: host, port }: ResolvedInstance): Subchannel | undefined {
    if (host === undefined || port === undefined) return undefined;
    const address = hostPort(host, port);
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const subchannel = this.#helper.createSubchannel({ host, port }, this.#options);
    subchannel.ref();
    subchannel.addConnectivityStateListener(this.#onChanged);
    this.#byAddress.set(address, subchannel);
    return subchannel;
  }

  /** One that is connected, each in its turn. */
  nextReady(): Subchannel | undefined {
    const ready = this.#all.filter((each) => each.getConnectivityState() === this.#ready);
    this.#turn += 1;
    return ready[this.#turn % ready.length];
  }

  isAny(state: State): boolean {
    return this.#all.some((each) => each.getConnectivityState() === state);
  }

  /** False if there is none. */
  isEach(state: State): boolean {
    return this.#byAddress.size > 0 && this.#all.every((each) => each.getConnectivityState() === state);
  }

  close(): void {
    for (const [address, subchannel] of this.#byAddress) this.#drop(address, subchannel);
  }

  get #all(): readonly Subchannel[] {
    return [...this.#byAddress.values()];
  }

  #drop(address: string, subchannel: Subchannel): void {
    this.#byAddress.delete(address);
    subchannel.removeConnectivityStateListener(this.#onChanged);
    subchannel.unref();
  }
}
