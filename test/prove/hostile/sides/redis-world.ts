import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { startRedis } from '../../../support/servers/redis-server.js';
import { startRespFuzzer } from '../resp-fuzzer.js';
import { bulk, list, valuesOn, wordsOf } from '../resp.js';
import { ADDRESS, clientTls, idOf, keySecret, portOf, serverTls, speaksTls } from './side.js';
import type { StartWorld } from './side.js';

const PASSWORD = 'canary/password@7d20-0b';
const SENTINEL_PASSWORD = 'canary/sentinel@5e6f-aa';
const OTHERS = ['config:secret', 'rollcall:{other}:other-1'];

interface Stored {
  readonly instance: { readonly id: string; readonly address: string; readonly port: number };
  readonly beat: { readonly status: string };
}

/** A Redis with a password; every second Registrar finds it through a Sentinel, which has another one. */
export const startRedisWorld: StartWorld = async ({ registrars }) => {
  const redis = await startRedis({ password: PASSWORD });
  await redis.cli('ACL', 'SETUSER', 'sentinel', 'on', `>${SENTINEL_PASSWORD}`, '~*', '+@all');
  for (const key of OTHERS) await redis.cli('SET', key, '{}');
  const connection = connect(redis.port, '127.0.0.1');
  connection.on('error', () => undefined);
  const ask = asking(connection);
  await ask('AUTH', PASSWORD);
  return {
    secrets: { password: PASSWORD, 'Sentinel password': SENTINEL_PASSWORD, 'TLS key': keySecret },
    async side(service, chaos) {
      const fuzzers = await Promise.all(
        Array.from({ length: registrars }, (_, registrar) =>
          startRespFuzzer({
            target: { host: '127.0.0.1', port: redis.port },
            registrar,
            chaos,
            tls: speaksTls(registrar) ? serverTls : undefined,
          }),
        ),
      );
      const ids = fuzzers.map((_, index) => idOf(service, index));
      return {
        registrars: fuzzers.map(({ port }, index) => ({ id: idOf(service, index), options: optionsOf(index, port) })),
        async passing() {
          const keys = ids.map((id) => `rollcall:{${service}}:${id}`);
          const texts = await ask('MGET', ...keys);
          return new Set(ids.filter((id, index) => isRight(texts[index] ?? '', id, index)));
        },
        close: () => {
          for (const fuzzer of fuzzers) fuzzer.close();
        },
      };
    },
    async destroyed() {
      const found = await ask('MGET', ...OTHERS);
      return OTHERS.filter((_, index) => found[index] !== '{}').map((key) => `key ${key}`);
    },
    async close() {
      connection.destroy();
      await redis.stop();
    },
  };
};

/** Sends one command at a time; resolves to the texts of the reply, which is a list. */
function asking(connection: Socket): (...words: string[]) => Promise<string[]> {
  const replies = valuesOn(connection);
  let turn: Promise<unknown> = Promise.resolve();
  return (...words) => {
    const reply = turn.then(async () => {
      connection.write(list(words.map(bulk)));
      const { value } = await replies.next();
      return value === undefined ? [] : wordsOf(value);
    });
    turn = reply;
    return reply;
  };
}

function optionsOf(index: number, port: number): Record<string, unknown> {
  const tls = speaksTls(index) && { tls: clientTls };
  if (index % 2 === 0)
    return { url: `${speaksTls(index) ? 'rediss' : 'redis'}://127.0.0.1:${port}`, password: PASSWORD, ...tls };
  const sentinel = { sentinelUsername: 'sentinel', sentinelPassword: SENTINEL_PASSWORD };
  return { sentinels: [`127.0.0.1:${port}`], name: 'main', password: PASSWORD, ...sentinel, ...tls };
}

function isRight(text: string, id: string, index: number): boolean {
  if (text === '') return false;
  const { instance, beat } = JSON.parse(text) as Stored;
  return (
    instance.id === id && instance.address === ADDRESS && instance.port === portOf(index) && beat.status === 'passing'
  );
}
