import { asError } from '../../core/errors.js';
import type { Resolver } from '../../discovery/resolver.js';
import type { ServiceOptions } from '../../discovery/service-options.js';
import { calledServicesOf } from './called-services.js';
import type { CallableService } from './called-services.js';
import { checkResolver } from './check-resolver.js';
import type { Dispatch, DispatchOptions, Handler } from './dispatching.js';
import { ServiceCall } from './service-call.js';
import { readServiceUrl } from './service-url.js';
import type { ServiceUrl } from './service-url.js';

export interface DiscoverOptions {
  /**
   * Options of the services that need some, by name. These are watched from the start, and do not count among the 100
   * that URLs may name. @default none
   */
  readonly services?: Readonly<Record<string, ServiceOptions>>;
}

/**
 * An interceptor for `compose` of an `Agent` of undici 7 or 8: sends each request to `http://<name>.service` to an
 * instance of that service, and once more to another one by the rules of `run`. Other hosts are left alone. Throws
 * `ConfigError` for wrong options.
 */
export function discover(resolver: Resolver, options: DiscoverOptions = {}): <Outer>(dispatch: Outer) => Outer {
  checkResolver(resolver);
  const called = calledServicesOf(resolver);
  // The host of a URL is in lower case, and the name of a service need not be.
  const listed = new Map(Object.entries(options.services ?? {}).map((each) => [each[0].toLowerCase(), each]));
  for (const [name, service] of listed.values()) called.open(name, service);
  const open = ({ name: host }: ServiceUrl): CallableService => {
    const [name, service] = listed.get(host) ?? [host];
    return called.open(name, service);
  };
  return <Outer>(outer: Outer) => {
    // By the contract of `compose`: a dispatch function becomes another one.
    const dispatch = outer as Dispatch;
    const discovering: Dispatch = (request, handler) => {
      const url = readServiceUrl(request.origin);
      if (url === undefined) return dispatch(request, handler);
      return begin({ dispatch, request, handler, url }, () => open(url));
    };
    return discovering as Outer;
  };
}

interface Beginning {
  readonly dispatch: Dispatch;
  readonly request: DispatchOptions;
  readonly handler: Handler;
  readonly url: ServiceUrl;
}

/** Waits for the first answer about a service that was named just now. */
function begin(beginning: Beginning, open: () => CallableService): boolean {
  const { handler, request } = beginning;
  const fail = (error: unknown) => {
    handler.onResponseError?.(null, asError(error));
    return true;
  };
  try {
    const service = open();
    const call = () => new ServiceCall({ ...beginning, calls: service.calls }).start();
    if (service.isAnswered) return call();
    const signal = request.signal instanceof AbortSignal ? request.signal : undefined;
    service.untilAnswered(signal).then(call).catch(fail);
    return true;
  } catch (error) {
    return fail(error);
  }
}
