/**
 * Limits of Consul, the strictest of the registries. The options keep to them whatever registry is chosen: a chain may
 * take any instance to a Consul.
 */
export const consulLimits = Object.freeze({
  /** Meta pairs of an entry, the nonce of the incarnation among them. */
  mostMeta: 64,
  longestMetaKey: 128,
  longestMetaBytes: 512,
  /** What a key of meta is made of. */
  metaKey: /^[A-Za-z0-9_-]+$/,
  /** Consul raises a shorter `DeregisterCriticalServiceAfter` to this. */
  shortestDeregisterAfterMs: 60_000,
});
