import { describe, expect, it } from 'vitest';
import { serverPhases } from '../../../src/server/server-phase.js';

describe('the phases of a server', () => {
  it('end with our own close, whatever happens then', () => {
    expect(serverPhases.closing).toEqual({});
    for (const [phase, next] of Object.entries(serverPhases))
      if (phase !== 'closing') expect(next.ours).toBe('closing');
  });

  it('know no end for a server that never listened, since that would take a live instance out', () => {
    expect(Object.keys(serverPhases.unopened).sort()).toEqual(['listening', 'ours']);
  });

  it('let a host open its server again', () => {
    expect([serverPhases.left.listening, serverPhases.gone.listening]).toEqual(['open', 'open']);
  });
});
