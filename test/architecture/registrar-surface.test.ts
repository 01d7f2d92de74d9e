import { Registrar, memory } from 'rollcall';
import { registerCluster } from 'rollcall/cluster';
import { expressRegistrar } from 'rollcall/express';
import { expect, it } from 'vitest';

/** What a Registrar has that an integration with an object of its own does not, and why. */
const leftOut = {
  express: { start: '`bind` calls it', endpoint: 'the middleware and the bound server answer' },
  cluster: {
    bind: 'the workers listen',
    bindAlso: 'the workers listen',
    endpoint: 'the workers answer',
    start: 'it starts with the first worker that serves',
    settled: '`wait` and `required` are options of the workers; the event `registered` tells',
    deregister: 'the primary has no traffic of its own; `stop` deregisters first',
    leave: 'the primary has no traffic that could go on; `stop` lets the workers serve on',
    update: 'tags, meta and weights are those of the workers',
    report: 'components belong to the workers',
    guard: 'components belong to the workers',
    onStop: 'hooks belong to the workers; code of the primary follows `await stop()`',
  },
} satisfies Record<string, Partial<Record<keyof Registrar, string>>>;

const options = { name: 'surface', registry: memory(), logger: false, shutdown: { signals: false } } as const;

/** Names that a caller sees: of the class, and of the object itself. */
const namesOf = (value: object) =>
  [value, Object.getPrototypeOf(value) as object, Object.getPrototypeOf(Object.getPrototypeOf(value)) as object]
    .filter((each) => each !== Object.prototype)
    .flatMap((each) => Object.getOwnPropertyNames(each))
    .filter((name) => name !== 'constructor');

it.each([
  ['express', async () => expressRegistrar(options)],
  ['cluster', () => registerCluster(options)],
] as const)('has in rollcall/%s all that a Registrar has, but what it leaves out for a reason', async (kind, make) => {
  const registrar = new Registrar({ ...options, health: { path: '/health' } });
  const given = await make();
  const missing = namesOf(registrar).filter((name) => !namesOf(given).includes(name));
  await given.stop();
  expect(missing.sort()).toEqual(Object.keys(leftOut[kind]).sort());
});
