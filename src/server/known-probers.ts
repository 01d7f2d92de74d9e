/**
 * How those name themselves who ask whether an instance is well, or read its metrics, and bring no traffic: kubelet, Consul, load balancers
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

/** What a request says of whoever sends it; headers in lower case. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly httpVersion: string;
  readonly headers: { readonly 'user-agent'?: string | undefined; readonly host?: string | undefined };
}

/** Whether a request comes from a known prober. HAProxy's own check, `OPTIONS` in HTTP/1.0, names neither itself nor a host. */
export function isProberRequest({ method, httpVersion, headers }: RequestHead): boolean {
  const agent = headers['user-agent'];
  if (agent === undefined) return method === 'OPTIONS' && httpVersion === '1.0' && headers.host === undefined;
  return probers.some((name) => agent.startsWith(name));
}
