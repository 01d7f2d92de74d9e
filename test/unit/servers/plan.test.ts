import { describe, expect, it } from 'vitest';
import { planFor } from '../../servers/plan.js';
import { filesBelow } from '../../architecture/source-tree.js';
import { testFiles } from '../../servers/test-files.js';

const names = (backend: Parameters<typeof planFor>[0], isQuick: boolean) =>
  planFor(backend, isQuick).map(({ name }) => name);

describe('what is run on a server', () => {
  it('is its tests and the shortened proofs', () => {
    const proofs = ['proof recovery', 'proof kill', 'proof rolling'];
    expect(names('consul', false)).toEqual(['contract', 'integration', 'hostile', 'process', ...proofs, 'figures']);
    expect(names('etcd', false)).toEqual([
      'contract',
      'integration',
      'hostile',
      'process',
      'proof leases',
      'proof etcd-cluster',
    ]);
    expect(names('redis', false)).toEqual([
      'contract',
      'integration',
      'hostile',
      'process',
      'proof leases',
      'proof sentinel',
    ]);
  });

  it.each(['consul', 'etcd', 'redis'] as const)(
    'is the contract suite and one proof in a quick run, on %s',
    (backend) => {
      const plan = planFor(backend, true);
      expect(plan.map(({ kind }) => kind)).toEqual(['tests', 'proof']);
      expect(plan[0]).toMatchObject({
        files: expect.arrayContaining([`test/contract/${backend}.test.ts`]) as string[],
      });
    },
  );

  it('leaves out no file that starts a server, but for those about pages', () => {
    const files = ['contract', 'integration', 'hostile', 'process'] as const;
    const found = new Set(
      files.flatMap((folder) =>
        (['consul', 'etcd', 'redis'] as const).flatMap((backend) => testFiles(backend, folder)),
      ),
    );
    const missing = files.flatMap((folder) => filesBelow(`test/${folder}`)).filter((path) => !found.has(path));
    const pages = ['page-snippets', 'etcd-page', 'examples', 'gateway-example'].map(
      (name) => `test/integration/${name}.test.ts`,
    );
    expect(missing).toEqual(
      expect.arrayContaining([...pages, 'test/process/demo.test.ts', 'test/contract/file.test.ts']),
    );
    expect(found.size).toBeGreaterThan(40);
  });
});
