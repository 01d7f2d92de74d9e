/** An origin that names a service. */
export interface ServiceUrl {
  /** In lower case, as a URL has it. */
  readonly name: string;
  /** As the Host header has it. */
  readonly host: string;
  readonly isSecure: boolean;
}

/** Cheap, since every request is asked. */
const looksLikeService = /\.service\.?(?::\d+)?\/?$/i;

/** The service that `http://<name>.service` names; undefined for every other host. */
export function readServiceUrl(origin: unknown): ServiceUrl | undefined {
  if (!(origin instanceof URL) && typeof origin !== 'string') return undefined;
  const text = typeof origin === 'string' ? origin : origin.origin;
  if (!looksLikeService.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, host, protocol } = new URL(text);
  const name = serviceOfHost(hostname);
  return name === undefined ? undefined : { name, host, isSecure: protocol === 'https:' };
}

/** The name before `.service`; undefined without it. */
export function serviceOfHost(hostname: string): string | undefined {
  return /^(.*)\.service\.?$/i.exec(hostname)?.[1]?.toLowerCase();
}
