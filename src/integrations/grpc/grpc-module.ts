import type * as grpc from '@grpc/grpc-js';

/** What is used of `@grpc/grpc-js`: `import * as grpc from '@grpc/grpc-js'`. */
export type GrpcModule = Pick<typeof grpc, 'status' | 'connectivityState' | 'Metadata' | 'experimental'>;

const parts: Readonly<Record<string, (module: Readonly<Record<string, unknown>>) => unknown>> = {
  Metadata: ({ Metadata }) => typeof Metadata === 'function',
  'status.UNAVAILABLE': ({ status }) => typeof of(status, 'UNAVAILABLE') === 'number',
  'connectivityState.READY': ({ connectivityState }) => typeof of(connectivityState, 'READY') === 'number',
  'experimental.registerResolver': ({ experimental }) => typeof of(experimental, 'registerResolver') === 'function',
  'experimental.registerLoadBalancerType': ({ experimental }) =>
    typeof of(experimental, 'registerLoadBalancerType') === 'function',
  'experimental.statusOrFromValue': ({ experimental }) => typeof of(experimental, 'statusOrFromValue') === 'function',
  'experimental.PickResultType': ({ experimental }) =>
    typeof of(of(experimental, 'PickResultType'), 'COMPLETE') === 'number',
};

/** What the module lacks, as "what is allowed": its interface for resolvers is experimental. */
export function grpcFault(module: unknown): string | undefined {
  const allowed = 'the module of @grpc/grpc-js ~1.14';
  if (typeof module !== 'object' || module === null) return allowed;
  const missing = Object.keys(parts).filter((part) => parts[part]?.(module as never) !== true);
  return missing.length === 0 ? undefined : `${allowed}; this one lacks ${missing.join(', ')}`;
}

function of(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
