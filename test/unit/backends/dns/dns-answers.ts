import { RECURSION_DESIRED, encode } from 'dns-packet';
import type { Answer, Packet } from 'dns-packet';

export const queried = { id: 7, name: 'orders.service.consul' };

/** A whole answer to that question; `code` is the number of its rcode. */
export function answerOf(answers: Answer[], additionals: Answer[] = [], more: Packet & { code?: number } = {}): Buffer {
  const { code = 0, ...packet } = more;
  const questions = [{ type: 'SRV' as const, class: 'IN' as const, name: queried.name }];
  return encode({
    type: 'response',
    id: queried.id,
    questions,
    answers,
    additionals,
    ...packet,
    flags: (packet.flags ?? RECURSION_DESIRED) | code,
  });
}

export function srv(
  target: string,
  port: number,
  more: { priority?: number; weight?: number; ttl?: number } = {},
): Answer {
  const { priority = 1, weight = 1, ttl = 10 } = more;
  return { type: 'SRV', class: 'IN', name: queried.name, ttl, data: { target, port, priority, weight } };
}

export function a(name: string, data: string, ttl = 10): Answer {
  return { type: 'A', class: 'IN', name, ttl, data };
}

export function aaaa(name: string, data: string, ttl = 10): Answer {
  return { type: 'AAAA', class: 'IN', name, ttl, data };
}

export function cname(name: string, data: string, ttl = 10): Answer {
  return { type: 'CNAME', class: 'IN', name, ttl, data };
}
