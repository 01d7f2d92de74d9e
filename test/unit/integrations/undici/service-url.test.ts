import { expect, it } from 'vitest';
import { readServiceUrl } from '../../../../src/integrations/undici/service-url.js';

it.each([
  ['http://orders.service', { name: 'orders', host: 'orders.service', isSecure: false }],
  ['http://orders.service/', { name: 'orders', host: 'orders.service', isSecure: false }],
  [new URL('https://ORDERS.Service/a?b'), { name: 'orders', host: 'orders.service', isSecure: true }],
  ['HTTP://Orders.SERVICE:8080', { name: 'orders', host: 'orders.service:8080', isSecure: false }],
  ['http://orders.service.', { name: 'orders', host: 'orders.service.', isSecure: false }],
  ['http://a.b.service', { name: 'a.b', host: 'a.b.service', isSecure: false }],
])('reads the service in %s', (origin, expected) => {
  expect(readServiceUrl(origin)).toEqual(expected);
});

it.each([
  'http://orders.service.consul',
  'http://orders.services',
  'http://service',
  'http://10.0.0.7:3000',
  'http://ordersservice',
  'not a url.service',
  undefined,
  7,
])('reads none in %s', (origin) => {
  expect(readServiceUrl(origin)).toBeUndefined();
});
