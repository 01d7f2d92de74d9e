import { createRequire } from 'node:module';

export interface GrpcPicker {
  pick(args: object): object;
}

/** The real balancers of grpc-js, round robin over pick first, as if all were connected. */
export function roundRobinPicker(origins: readonly string[]): GrpcPicker {
  const load = createRequire(import.meta.url);
  const folder = '@grpc/grpc-js/build/src/load-balancer';
  const { RoundRobinLoadBalancer } = load(`${folder}-round-robin`) as { readonly RoundRobinLoadBalancer: RoundRobin };
  const { PickFirstLoadBalancer } = load(`${folder}-pick-first`) as { readonly PickFirstLoadBalancer: PickFirst };
  const ready = 2;
  const children = origins.map((origin) => {
    const subchannel = { origin, isHealthy: () => true };
    const picker = latestPicker((helper) => {
      const child = new PickFirstLoadBalancer(helper);
      child.currentPick = subchannel;
      child.calculateAndReportNewState();
    });
    const endpoint = { addresses: [{ path: origin }] };
    return { getConnectivityState: () => ready, getEndpoint: () => endpoint, getPicker: () => picker };
  });
  return latestPicker((helper) => {
    const balancer = new RoundRobinLoadBalancer(helper);
    balancer.children = children;
    balancer.calculateAndUpdateState();
  });
}

type RoundRobin = new (helper: object) => { children: object[]; calculateAndUpdateState(): void };
type PickFirst = new (helper: object) => { currentPick: object; calculateAndReportNewState(): void };

/** The picker that a balancer reports to its channel. */
function latestPicker(report: (helper: object) => void): GrpcPicker {
  let latest: GrpcPicker | undefined;
  const nothing = () => undefined;
  report({
    updateState(_state: number, picker: GrpcPicker) {
      latest = picker;
    },
    createSubchannel: nothing,
    requestReresolution: nothing,
    addChannelzChild: nothing,
    removeChannelzChild: nothing,
  });
  return latest!;
}
