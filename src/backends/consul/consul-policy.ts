/** What a token has to be allowed to do. */
export interface PolicyPlan {
  /** Services that the token registers. */
  readonly services: readonly string[];
  /** Other services whose instances it reads. */
  readonly discovers: readonly string[];
  /** Keys that it reads with `consulKv`. */
  readonly keys: readonly string[];
  /** Consul Enterprise only, as is `partition`. */
  readonly namespace?: string | undefined;
  readonly partition?: string | undefined;
}

/**
 * Returns the least ACL policy that permits the plan, as lines of HCL. It needs no session, agent, operator or query
 * rule.
 */
export function leastPolicy({ services, discovers, keys, namespace, partition }: PolicyPlan): string[] {
  const others = discovers.filter((name) => !services.includes(name));
  const rules = [
    ...services.flatMap((name) => rule('service', name, 'write', 'register, beat, read, maintenance, deregister')),
    ...others.flatMap((name) => rule('service', name, 'read', 'its instances')),
    ...rule('node_prefix', '', 'read', 'what readers of a service see: to confirm a deregistration, and for discovery'),
    ...keys.flatMap((key) => [
      ...rule('key', key, 'read', 'live configuration'),
      ...rule('key_prefix', `${key}/`, 'read', 'live configuration, one value per key'),
    ]),
  ];
  return within('partition', partition, within('namespace', namespace, rules));
}

function rule(kind: string, name: string, policy: 'read' | 'write', why: string): string[] {
  return [`# ${why}`, `${kind} ${JSON.stringify(name)} {`, `  policy = "${policy}"`, '}'];
}

function within(kind: string, name: string | undefined, lines: readonly string[]): string[] {
  return name === undefined
    ? [...lines]
    : [`${kind} ${JSON.stringify(name)} {`, ...lines.map((line) => `  ${line}`), '}'];
}
