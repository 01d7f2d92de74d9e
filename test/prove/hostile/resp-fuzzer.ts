import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Chaos } from './chaos.js';
import { hostileRedis } from './grammar/redis.js';
import { play } from './grammar/steps.js';
import { listen } from './http-fuzzer.js';
import type { Fuzzer, FuzzerOptions } from './http-fuzzer.js';
import { bulk, list, valuesOn, wordsOf } from './resp.js';

/** What opens a connection; its replies are spoilt like others, but are no requests of the registry. */
const OPENING = ['HELLO', 'AUTH', 'CLIENT', 'SELECT'];

/**
 * A proxy of one Registrar before a real Redis, which makes up replies as the chaos says. It is its own Sentinel, too:
 * asked for the master, it names itself.
 */
export async function startRespFuzzer(options: FuzzerOptions): Promise<Fuzzer> {
  const fuzzer: Fuzzer = await listen(options, (socket) => {
    const { host, port } = options.target;
    const server = connect({ host, port, noDelay: true });
    server.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    void serve(socket, server, options, () => fuzzer.port).catch(() => socket.destroy());
  });
  return fuzzer;
}

async function serve(
  socket: Socket,
  server: Socket,
  { chaos, registrar }: FuzzerOptions,
  ownPort: () => number,
): Promise<void> {
  const replies = valuesOn(server);
  const login: string[] = [];
  for await (const command of valuesOn(socket)) {
    const words = wordsOf(command);
    const verb = (words[0] ?? '').toUpperCase();
    if (OPENING.includes(verb)) login.push(...words.slice(1));
    else chaos.requests[registrar]?.count();
    const reply = async (): Promise<Buffer | undefined> => {
      if (verb === 'SENTINEL') return list([bulk('127.0.0.1'), bulk(String(ownPort()))]);
      server.write(command);
      const { value, done } = await replies.next();
      return done === true ? undefined : value;
    };
    if (!(await answer(chaos, registrar, verb, words, login, reply, socket))) return;
  }
}

async function answer(
  chaos: Chaos,
  registrar: number,
  verb: string,
  words: readonly string[],
  login: readonly string[],
  reply: () => Promise<Buffer | undefined>,
  socket: Socket,
): Promise<boolean> {
  const dice = chaos.draw(registrar);
  const truth = dice?.chance(0.2) === true ? Buffer.from('$-1\r\n') : await reply();
  if (truth === undefined) return false;
  if (dice === undefined || chaos.isHealed) {
    socket.write(truth);
    return true;
  }
  const { what, steps } = hostileRedis(dice, { reply: truth, words, login });
  chaos.note(registrar, dice, verb, what);
  return play(steps, socket, chaos);
}
