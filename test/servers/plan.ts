import type { Backend } from './targets.js';
import { testFiles } from './test-files.js';

/** What is run on a server, one row of the report each. */
export type Part =
  | { readonly kind: 'tests'; readonly name: string; readonly files: readonly string[] }
  | { readonly kind: 'proof'; readonly name: string; readonly words: readonly string[] }
  /** Measured and told, not judged: they depend on the machine. */
  | { readonly kind: 'figures'; readonly name: string; readonly script: string };

/** The proofs, shortened: so few rounds show a difference of versions, not a rare fault. */
const proofs: Readonly<Record<Backend, readonly (readonly string[])[]>> = {
  consul: [
    ['recovery', '--runs', '3'],
    ['kill', '--runs', '2'],
    ['rolling', '--framework', 'http', '--rolls', '3'],
  ],
  etcd: [
    ['leases', '--registry', 'etcd', '--runs', '2'],
    ['etcd-cluster', '--runs', '3'],
  ],
  redis: [
    ['leases', '--registry', 'redis', '--runs', '2'],
    ['sentinel', '--runs', '2'],
  ],
};

/** One round each: that it registers, is listed again after a loss, and leaves. */
const quickProofs: Readonly<Record<Backend, Part>> = {
  consul: { kind: 'proof', name: 'proof recovery', words: ['recovery', '--runs', '1'] },
  etcd: { kind: 'proof', name: 'proof leases', words: ['leases', '--registry', 'etcd', '--runs', '1'] },
  redis: { kind: 'proof', name: 'proof leases', words: ['leases', '--registry', 'redis', '--runs', '1'] },
};

function quickContract(backend: Backend): Part {
  return { kind: 'tests', name: 'contract', files: [`test/contract/${backend}.test.ts`] };
}

export function planFor(backend: Backend, isQuick: boolean): Part[] {
  const tests = (name: string, folder: Parameters<typeof testFiles>[1]): Part[] => {
    const files = testFiles(backend, folder);
    return files.length === 0 ? [] : [{ kind: 'tests', name, files }];
  };
  const shortened = proofs[backend].map((words): Part => ({ kind: 'proof', name: `proof ${words[0] ?? ''}`, words }));
  if (isQuick) return [quickContract(backend), quickProofs[backend]];
  return [
    ...tests('contract', 'contract'),
    ...tests('integration', 'integration'),
    ...tests('hostile', 'hostile'),
    ...tests('process', 'process'),
    ...shortened,
    ...(backend === 'consul' ? [{ kind: 'figures', name: 'figures', script: 'consul-figures.ts' } as const] : []),
  ];
}
