import { describe, expect, it } from 'vitest';
import { consul } from '../../../../src/backends/consul/consul-agents.js';
import { asComposed } from '../../../../src/contracts/composed-registry.js';

describe('consul() with several endpoints', () => {
  it('is one registry of several members, named after where they are', () => {
    const registry = consul({ endpoints: ['http://user:secret@127.0.0.1:8500', '10.0.0.2:8500'] });
    expect(registry.name).toBe('consul');
    expect(asComposed(registry)?.members).toEqual([
      { name: 'consul at 127.0.0.1:8500', state: 'good', roundTripMs: undefined },
      { name: 'consul at 10.0.0.2:8500', state: 'good', roundTripMs: undefined },
    ]);
    expect(registry.traits.suppliesAddress).toBe(false);
  });

  it('is a single registry where there is one endpoint, or none named', () => {
    expect(asComposed(consul({ endpoints: ['10.0.0.2:8500'] }))).toBeUndefined();
    expect(asComposed(consul())).toBeUndefined();
  });

  it('names all that is wrong, each thing once', () => {
    const wrong = () =>
      consul({
        endpoints: ['ftp://a', '10.0.0.2:8500', 'http://b?c', '10.0.0.2:8500'],
        namespace: '',
        breaker: { failures: 0, openFor: 'long' },
      });
    expect(wrong).toThrow(/breaker\.failures/);
    expect(wrong).toThrow(/breaker\.openFor/);
    expect(wrong).toThrow(/each agent once/);
    expect(wrong).toThrow(/endpoints\[0\][^]*endpoints\[2\]/);
    expect(() => consul({ endpoints: ['a:1', 'b:1'], namespace: '' })).toThrow(/^(?![^]*namespace[^]*namespace)/);
    expect(() => consul({ endpoints: [] })).toThrow(/array of the agent's URL/);
  });
});
