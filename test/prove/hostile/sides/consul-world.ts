import { startConsul } from '../../../support/servers/consul-server.js';
import { rawConsul } from '../../../support/servers/raw-consul.js';
import { startHttpFuzzer } from '../http-fuzzer.js';
import { ADDRESS, clientTls, idOf, keySecret, portOf, serverTls, speaksTls } from './side.js';
import type { StartWorld } from './side.js';

const TOKEN = 'canary-token-5b1d0c9e-77aa';
const BASIC = 'canary/basic@4f2e-19';

interface Passing {
  readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number };
}

/** A Consul agent. It ignores the token and the basic authentication that each Registrar sends. */
export const startConsulWorld: StartWorld = async ({ registrars }) => {
  const consul = await startConsul();
  const raw = rawConsul(consul.url);
  const bystander = { ID: 'bystander', Name: 'bystander', Address: '10.0.0.9', Port: 9 };
  await raw.put('/v1/agent/service/register', bystander);
  return {
    secrets: { token: TOKEN, 'basic authentication': BASIC, 'TLS key': keySecret },
    async side(service, chaos) {
      const fuzzers = await Promise.all(
        Array.from({ length: registrars }, (_, registrar) =>
          startHttpFuzzer({
            target: { host: '127.0.0.1', port: consul.port },
            registrar,
            chaos,
            tls: speaksTls(registrar) ? serverTls : undefined,
          }),
        ),
      );
      return {
        url: `http://127.0.0.1:${fuzzers[0]?.port ?? 0}`,
        registrars: fuzzers.map(({ port }, index) => {
          const login = index % 2 === 0 ? '' : `canary:${encodeURIComponent(BASIC)}@`;
          const scheme = speaksTls(index) ? 'https' : 'http';
          const endpoints = [`${scheme}://${login}127.0.0.1:${port}`];
          return {
            id: idOf(service, index),
            options: { endpoints, token: TOKEN, ...(speaksTls(index) && { tls: clientTls }) },
          };
        }),
        async passing() {
          const found = (await raw.get(`/v1/health/service/${service}?passing`)).json<Passing[]>();
          const right = found.filter(
            ({ Service }) => Service.Address === ADDRESS && idOf(service, Service.Port - portOf(0)) === Service.ID,
          );
          return new Set(right.map(({ Service }) => Service.ID));
        },
        close: () => {
          for (const fuzzer of fuzzers) fuzzer.close();
        },
      };
    },
    async destroyed() {
      const { status } = await raw.get('/v1/agent/service/bystander');
      return status === 200 ? [] : ['service bystander'];
    },
    async close() {
      raw.close();
      await consul.stop();
    },
  };
};
