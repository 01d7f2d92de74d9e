import { Registrar, etcd } from '../../../src/index.js';

/** What it tells; told once each. */
export type FromMember = { readonly kind: 'registered' } | { readonly kind: 'stopped'; readonly lost: number };

// The service under observation, in a process of its own: nothing that observes it shares its event loop.
const [endpoints = '[]', ttl = ''] = process.argv.slice(2);
const tell = (message: FromMember) => process.send?.(message);
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

const registry = etcd({ endpoints: JSON.parse(endpoints) as string[] });
const shutdown = { signals: false, drain: { min: 0, quiet: 0 } } as const;
const registrar = new Registrar({
  name: 'ours',
  id: 'ours-1',
  address: '127.0.0.1',
  port: 3000,
  ttl,
  registry,
  logger: false,
  shutdown,
});
let lost = 0;
registrar.on('lost', () => {
  lost += 1;
});
process.once('message', () => {
  void registrar.stop().then(() => tell({ kind: 'stopped', lost }));
});
await registrar.start();
tell({ kind: 'registered' });
