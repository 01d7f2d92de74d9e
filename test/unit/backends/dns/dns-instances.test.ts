import { expect, it } from 'vitest';
import { decodeAnswer } from '../../../../src/backends/dns/dns-codec.js';
import { instancesIn } from '../../../../src/backends/dns/dns-instances.js';
import { a, aaaa, answerOf, cname, queried, srv } from './dns-answers.js';

type Records = Parameters<typeof answerOf>;

function found(...[answers, additionals]: Records) {
  const answer = decodeAnswer(answerOf(answers, additionals), queried);
  if (answer.kind !== 'records') throw new Error(`it is ${answer.kind}`);
  return instancesIn(answer.records, queried.name, 'orders');
}
const idsOf = (...records: Records) => found(...records).instances.map(({ id }) => id);

it('is an instance by its host and port, passing, with the weight of its record', () => {
  expect(found([srv('n1.consul', 3000, { weight: 5 })], [a('n1.consul', '10.0.0.7')])).toEqual({
    instances: [
      {
        name: 'orders',
        id: '10.0.0.7:3000',
        address: '10.0.0.7',
        port: 3000,
        tags: [],
        meta: {},
        weights: { passing: 5, warning: 5 },
        status: 'passing',
      },
    ],
    ttlMs: 10_000,
  });
});

it('gives a weight of 0 a small share', () => {
  const [instance] = found([srv('n1.consul', 3000, { weight: 0 })]).instances;
  expect(instance?.weights).toEqual({ passing: 1, warning: 1 });
});

it('has those of the most preferred priority alone', () => {
  const records = [2, 1, 1, 3].map((priority, at) => srv(`n${at}.example`, 3000, { priority }));
  expect(idsOf(records)).toEqual(['n1.example:3000', 'n2.example:3000']);
});

it('takes IPv4 where a host has both, IPv6 where it has no other, and the name without an address', () => {
  const records = ['both.consul', 'six.consul', 'shop.example'].map((target) => srv(target, 3000));
  const addresses = [aaaa('both.consul', 'fd00::1'), a('both.consul', '10.0.0.7'), aaaa('six.consul', 'fd00::2')];
  expect(idsOf(records, addresses)).toEqual(['10.0.0.7:3000', '[fd00::2]:3000', 'shop.example:3000']);
});

it('follows aliases of the service and of its hosts, and none in a circle', () => {
  const moved = { ...srv('n1.consul', 3000), name: 'moved.consul' };
  const aliases = [cname('n1.consul', 'n2.consul'), a('n2.consul', '10.0.0.7')];
  expect(idsOf([cname(queried.name, 'moved.consul'), moved], aliases)).toEqual(['10.0.0.7:3000']);
  expect(
    idsOf([srv('n1.consul', 3000)], [cname('n1.consul', 'n2.consul'), cname('n2.consul', 'n1.consul')]),
  ).toHaveLength(1);
});

it('leaves out what cannot be called, and another name', () => {
  const stranger = { ...srv('n9.consul', 3000), name: 'users.service.consul' };
  const records = [srv('n1.consul', 0), srv('.', 3000), srv('bad name.consul', 3000), stranger, srv('n2.consul', 3000)];
  expect(idsOf(records, [a('n2.consul', '0.0.0.0')])).toEqual(['n2.consul:3000']);
  expect(idsOf([srv('n1.consul', 0)])).toEqual([]);
});

it('has one instance for each address, once', () => {
  const twice = [srv('n1.consul', 3000), srv('n2.consul', 3000)];
  const addresses = [a('n1.consul', '10.0.0.7'), a('n1.consul', '10.0.0.8'), a('n2.consul', '10.0.0.7')];
  expect(idsOf(twice, addresses)).toEqual(['10.0.0.7:3000', '10.0.0.8:3000']);
});

it('counts as long as the shortest-lived of what was used', () => {
  const records = [srv('n1.consul', 3000, { ttl: 20 }), srv('n2.consul', 3000, { ttl: 30, priority: 2 })];
  expect(found(records, [a('n1.consul', '10.0.0.7', 15), a('n2.consul', '10.0.0.8', 1)]).ttlMs).toBe(15_000);
});
