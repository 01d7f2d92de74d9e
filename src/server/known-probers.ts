/**
 * User agents of health probers and metrics scrapers, whose requests are no traffic: kubelet, Consul, load balancers
 * of AWS, Google and Azure, Envoy, Prometheus.
 */
const probers = [
  'kube-probe/',
  'Consul Health Check',
  'ELB-HealthChecker/',
  'GoogleHC/',
  'Load Balancer Agent',
  'Envoy/HC',
  'Prometheus/',
];

/** The parts of a request that identify its sender; header names in lower case. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly httpVersion: string;
  readonly headers: { readonly 'user-agent'?: string | undefined; readonly host?: string | undefined };
}

/**
 * Whether a request comes from a known prober. HAProxy's own check is an `OPTIONS` in HTTP/1.0 without user agent and
 * host.
 */
export function isProberRequest({ method, httpVersion, headers }: RequestHead): boolean {
  const agent = headers['user-agent'];
  if (agent === undefined) return method === 'OPTIONS' && httpVersion === '1.0' && headers.host === undefined;
  return probers.some((name) => agent.startsWith(name));
}
