import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { Http1Exchanges } from '../../../src/server/http1-exchanges.js';

const socket = () => new EventEmitter() as IncomingMessage['socket'];
const responseOf = () => ({ closed: false, writableFinished: false }) as { closed: boolean } & ServerResponse;

it('counts each of the requests that a client sends without waiting, once, until its response has finished', () => {
  const exchanges = new Http1Exchanges();
  const request = { socket: socket() } as IncomingMessage;
  const responses = Array.from({ length: 50 }, responseOf);
  for (const response of responses) expect(exchanges.arrived(request, response)).toBeDefined();
  for (const response of responses) expect(exchanges.arrived(request, response)).toBeUndefined();
  expect(exchanges.open).toEqual(responses);
  for (const [at, response] of responses.entries()) {
    response.closed = true;
    expect(exchanges.open).toEqual(responses.slice(at + 1));
    const next = responseOf();
    exchanges.arrived(request, next);
    expect(exchanges.open).toEqual([...responses.slice(at + 1), next]);
    next.closed = true;
  }
});

it('takes no longer for a request after very many others', () => {
  const exchanges = new Http1Exchanges();
  const request = { socket: socket() } as IncomingMessage;
  const begin = performance.now();
  for (let count = 0; count < 200_000; count += 1) exchanges.arrived(request, responseOf());
  // A search among the earlier ones would take some twenty seconds.
  expect(performance.now() - begin).toBeLessThan(5_000);
});
