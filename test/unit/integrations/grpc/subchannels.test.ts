import * as grpc from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Subchannels } from '../../../../src/integrations/grpc/subchannels.js';
import { resolveInstance } from '../../../../src/discovery/resolve-instance.js';

const instanceAt = (port: number) =>
  resolveInstance({
    name: 'orders',
    id: String(port),
    address: '10.0.0.7',
    port,
    tags: [],
    meta: {},
    status: 'passing',
  });

it('makes a connection when it is first asked for, keeps it over updates, and lets go of it once its instance left', () => {
  const events: string[] = [];
  const helper = {
    createSubchannel: ({ port }: { port: number }) => ({
      ref: () => events.push(`ref ${port}`),
      unref: () => events.push(`unref ${port}`),
      addConnectivityStateListener: () => undefined,
      removeConnectivityStateListener: () => undefined,
    }),
  };
  const subchannels = new Subchannels(helper as never, grpc, () => undefined);
  const [first] = [3000, 3001].map((port) => subchannels.of(instanceAt(port)));
  expect(events.splice(0)).toEqual(['ref 3000', 'ref 3001']);
  subchannels.update(new Set(['10.0.0.7:3000', '10.0.0.7:3002']), {});
  expect(events.splice(0)).toEqual(['unref 3001']);
  expect(subchannels.of(instanceAt(3000))).toBe(first);
  expect(events).toEqual([]);
  subchannels.close();
  expect(events).toEqual(['unref 3000']);
});
