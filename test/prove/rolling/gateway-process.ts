import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

// The gateway of the examples as it is; tells of each request of a caller that goes to a second instance.
const begun = new Set<string>();
subscribe('http.client.request.start', (message) => {
  const id = (message as { request: ClientRequest }).request.getHeader('x-request');
  if (typeof id !== 'string') return;
  if (begun.has(id)) process.send?.(id);
  begun.add(id);
});
process.once('disconnect', () => process.exit(1));
await import('../../../examples/gateway.js');
