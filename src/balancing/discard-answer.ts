import { fieldsOf, statusOf } from './judge-call.js';

/**
 * Lets go of an HTTP answer that no caller gets, whether the client returned it or threw an error that carries it: as
 * long as its body is not read, its connection is not free. Never throws.
 */
export function discardAnswer(answer: unknown): void {
  if (statusOf(answer) === undefined) return;
  for (const each of [answer, fieldsOf(answer).response]) {
    const { body, data } = fieldsOf(each);
    for (const stream of [each, body, data]) discard(stream);
  }
}

/** Reads or cancels a body of undici, a stream of the web, or one of Node: the first of these methods that it has. */
function discard(stream: unknown): void {
  const { dump, cancel, resume } = fieldsOf(stream);
  const end = [dump, cancel, resume].find((method) => typeof method === 'function');
  if (end === undefined) return;
  // It may be in use, or over.
  new Promise((resolve) => {
    resolve(Reflect.apply(end, stream, []));
  }).catch(() => undefined);
}
