import type { RegistryCheck } from '../../contracts/service-instance.js';

const TCP = 'use `checks: { tcp: true }`';

/** Go's words for faults that no further probe will change, and what to do about each. */
const faults: readonly { readonly words: RegExp; readonly advice: string }[] = [
  {
    words: /server gave HTTP response to HTTPS client/,
    advice: 'the server speaks plain http there: begin the URL with http',
  },
  {
    words: /remote error: tls:/,
    advice: `the server refuses the agent's TLS, which has no client certificate: ${TCP}`,
  },
  {
    words: /x509:|tls: /,
    advice:
      "the agent does not accept the server's certificate: set `checks.http.tls` to the name that it carries, " +
      `as { serverName }, or to { insecureSkipVerify: true }, or ${TCP}`,
  },
  {
    words: /malformed HTTP (response|status|version)/,
    advice: `the server does not speak HTTP/1 there, but perhaps HTTP/2 in the clear: ${TCP}`,
  },
  {
    words: /^HTTP GET \S+: 404 /,
    advice:
      'the server has nothing at that path: give it a route there, or leave `checks.http.path` out, so that rollcall ' +
      'answers the check',
  },
];

/** What to change about a probe whose output shows that it can never pass as configured; undefined if it may pass. */
export function probeAdvice(kind: RegistryCheck['kind'], output: string): string | undefined {
  return kind === 'http' ? faults.find(({ words }) => words.test(output))?.advice : undefined;
}
