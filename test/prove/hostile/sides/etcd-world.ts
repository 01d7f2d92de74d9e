import { startEtcd } from '../../../support/servers/etcd-server.js';
import { startHttpFuzzer } from '../http-fuzzer.js';
import { ADDRESS, clientTls, idOf, keySecret, portOf, serverTls, speaksTls } from './side.js';
import type { StartWorld } from './side.js';

const PASSWORD = 'canary/password@9c41-ee';
const OTHERS = ['config/secret', '/rollcall/other/other-1', 'other/other-1'];

/** An etcd that wants to know who asks. The tokens that it gives are secrets too. */
export const startEtcdWorld: StartWorld = async ({ registrars, onSecret }) => {
  // Each login costs etcd a hash, on purpose; here there are many.
  const etcd = await startEtcd({ flags: { 'bcrypt-cost': '4' } });
  await etcd.enableAuth(PASSWORD);
  const raw = reader(etcd.plainUrl);
  for (const key of OTHERS) await raw('/kv/put', { key: toBytes(key), value: toBytes('{}') });
  const onAnswer = (path: string, body: string) => {
    const token = path === '/v3/auth/authenticate' ? /"token":"([^"]+)"/.exec(body)?.[1] : undefined;
    if (token !== undefined) onSecret('session token', token);
  };
  return {
    secrets: { password: PASSWORD, 'TLS key': keySecret },
    async side(service, chaos) {
      const fuzzers = await Promise.all(
        Array.from({ length: registrars }, (_, registrar) =>
          startHttpFuzzer({
            target: { host: '127.0.0.1', port: etcd.port },
            registrar,
            chaos,
            onAnswer,
            tls: speaksTls(registrar) ? serverTls : undefined,
          }),
        ),
      );
      return {
        url: `http://127.0.0.1:${fuzzers[0]?.port ?? 0}`,
        registrars: fuzzers.map(({ port }, index) => ({
          id: idOf(service, index),
          options: {
            endpoints: [`${speaksTls(index) ? 'https' : 'http'}://127.0.0.1:${port}`],
            username: 'root',
            password: PASSWORD,
            ...(speaksTls(index) && { tls: clientTls }),
          },
        })),
        async passing() {
          const { kvs = [] } = await raw('/kv/range', {
            key: toBytes(`${service}/`),
            range_end: toBytes(`${service}0`),
          });
          const right = kvs.filter(({ key, value = '' }) => {
            const index = Number(/-(\d+)$/.exec(fromBytes(key))?.[1]);
            const isKey = fromBytes(key) === `${service}/${idOf(service, index)}`;
            return isKey && fromBytes(value).includes(`"Addr":"${ADDRESS}:${portOf(index)}"`);
          });
          return new Set(right.map(({ key }) => fromBytes(key).slice(service.length + 1)));
        },
        close: () => {
          for (const fuzzer of fuzzers) fuzzer.close();
        },
      };
    },
    async destroyed() {
      const counts = await Promise.all(OTHERS.map((key) => raw('/kv/range', { key: toBytes(key) })));
      return OTHERS.filter((_, index) => counts[index]?.kvs?.length !== 1).map((key) => `key ${key}`);
    },
    close: () => etcd.stop(),
  };
};

interface Range {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

const toBytes = (text: string) => Buffer.from(text).toString('base64');
const fromBytes = (base64: string) => Buffer.from(base64, 'base64').toString();

/** Asks the server itself, under its password. */
function reader(url: string): (path: string, body: object) => Promise<Range> {
  let token: string | undefined;
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${url}/v3${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
      headers: token === undefined ? {} : { authorization: token },
    });
    if (!answer.ok) throw new Error(`etcd answered ${path} with ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return async (path, body) => {
    if (token === undefined)
      ({ token } = (await post('/auth/authenticate', { name: 'root', password: PASSWORD })) as { token: string });
    try {
      return (await post(path, body)) as Range;
    } catch (error) {
      // It may have run out.
      token = undefined;
      throw error;
    }
  };
}
