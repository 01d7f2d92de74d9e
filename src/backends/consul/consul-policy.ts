export interface PolicyPlan {
  /** Services that are registered. */
  readonly services: readonly string[];
  /** Other services whose instances are looked up. */
  readonly discovers: readonly string[];
  /** Keys of `consulKv`. */
  readonly keys: readonly string[];
  /** Consul Enterprise. */
  readonly namespace?: string | undefined;
  readonly partition?: string | undefined;
}

/** The least ACL policy that does for this, as lines of HCL. No session, agent, operator or query rule is needed. */
export function leastPolicy({ services, discovers, keys, namespace, partition }: PolicyPlan): string[] {
  const others = discovers.filter((name) => !services.includes(name));
  const rules = [
    ...services.flatMap((name) => rule('service', name, 'write', 'register, beat, look, maintenance, deregister')),
    ...others.flatMap((name) => rule('service', name, 'read', 'its instances')),
    ...rule('node_prefix', '', 'read', 'what readers see of a service: whether a stop has been noticed, and discovery'),
    ...keys.flatMap((key) => [
      ...rule('key', key, 'read', 'live configuration'),
      ...rule('key_prefix', `${key}/`, 'read', 'likewise, one value a key'),
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
