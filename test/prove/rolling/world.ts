import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { startConsul, startConsulCluster, startConsulPair } from '../../support/servers/consul-server.js';
import type { NemesisName } from './options.js';

/** The registry of one part of the experiment, and what befalls it. */
export interface World {
  /** Of the agent that instances talk to. */
  readonly url: string;
  /** Where balancers ask who is there. */
  readonly dnsPort: number;
  /** Does it; resolves when it is done, to what undoes it. */
  readonly strike: (() => Promise<() => Promise<void>>) | undefined;
  /** How long it lasts from SIGTERM on; undefined: until the instance has gone. */
  readonly lastsMs: number | undefined;
  stop(): Promise<void>;
}

/** The agent is away for so long. */
const AGENT_AWAY_MS = 1_500;
/** A server that led is away for so long; the others have a new leader earlier. */
const LEADER_AWAY_MS = 4_000;
/** Each way. */
const LATENCY_MS = 400;

export async function createWorld(nemesis: NemesisName | undefined): Promise<World> {
  switch (nemesis) {
    case undefined: {
      const consul = await startConsul();
      return {
        url: consul.url,
        dnsPort: consul.dnsPort,
        strike: undefined,
        lastsMs: undefined,
        stop: () => consul.stop(),
      };
    }
    case 'agent-restart': {
      // The agent beside the services, which keeps its data; the catalog is at the server.
      const { client, stop } = await startConsulPair({ dataDir: true });
      const strike = async () => {
        await client.kill();
        return () => client.restart();
      };
      return { url: client.url, dnsPort: client.dnsPort, strike, lastsMs: AGENT_AWAY_MS, stop };
    }
    case 'leader-loss': {
      const { client, leader, stop } = await startConsulCluster();
      const strike = async () => {
        const lost = await leader();
        await lost.kill();
        return () => lost.restart();
      };
      return { url: client.url, dnsPort: client.dnsPort, strike, lastsMs: LEADER_AWAY_MS, stop };
    }
    case 'latency': {
      const consul = await startConsul();
      const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: consul.port } });
      const strike = async () => {
        await proxy.delay(LATENCY_MS);
        return () => proxy.pass();
      };
      const stop = async () => {
        await proxy.close();
        await consul.stop();
      };
      return { url: proxy.url, dnsPort: consul.dnsPort, strike, lastsMs: undefined, stop };
    }
  }
}
