import { once } from 'node:events';
import * as http from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createUnheldAgent } from '../../../src/net/http-agent.js';
import { Cancellation, LONGEST_TEXT_BYTES, sendOnce } from '../../../src/net/http-request.js';

const cleanups: (() => unknown)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** The port of a server that does this with each connection, once it has a request. */
async function serverThat(answers: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', () => answers(socket));
  });
  cleanups.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function ask(port: number, cap = 1_000_000) {
  const agent = createUnheldAgent(1);
  cleanups.push(() => agent.destroy());
  const cancellation = new Cancellation();
  const send = () =>
    sendOnce(http, { host: '127.0.0.1', port, agent }, undefined, cancellation, { cap: { bytes: cap } });
  return { send, cancellation };
}

const head = 'HTTP/1.1 200 OK\r\n';

describe('a request whose answer', () => {
  it.each([
    [
      'switches protocols',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      /101 Switching/,
    ],
    ['is interim without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(10_000), /interim answers/],
    ['is processing without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(10_000), /interim answers/],
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', /Parse Error/],
    ['is longer than it says', `${head}Content-Length: 2\r\n\r\nokmore`, /Parse Error/],
    ['has two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`, /Parse Error/],
    ['has too many headers', `${head}${'a: b\r\n'.repeat(100_000)}`, /Header overflow/],
    ['is over its cap', `${head}Content-Length: 100\r\n\r\n${'x'.repeat(100)}`, /longer than 50 bytes/],
  ])('%s is over at once', async (_what, text, message) => {
    const port = await serverThat((socket) => socket.write(text));
    await expect(ask(port, 50).send()).rejects.toThrow(message);
  });

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 O'],
    ['half a body', `${head}Content-Length: 100\r\n\r\nhalf`],
    ['half a chunk', `${head}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf`],
    ['chunks without trailers', `${head}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n`],
    ['one interim answer', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'],
  ])('is %s is over with the connection, and with its cancellation', async (_what, text) => {
    const closing = await serverThat((socket) => socket.end(text));
    await expect(ask(closing).send()).rejects.toThrow(Error);
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const hanging = await serverThat((socket) => socket.write(text, asked));
    const { send, cancellation } = ask(hanging);
    const sending = send();
    sending.catch(() => undefined);
    await isAsked;
    cancellation.handleEvent();
    await expect(sending).rejects.toThrow('cancelled');
  });

  it('has trailers is complete, and so is one that ends with its connection', async () => {
    const trailers = 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n';
    const chunked = await serverThat((socket) => socket.write(`${head}Trailer: x\r\n${trailers}`));
    expect(await ask(chunked).send()).toMatchObject({ status: 200, text: 'ok' });
    const plain = await serverThat((socket) => socket.end(`${head}\r\nok`));
    expect(await ask(plain).send()).toMatchObject({ status: 200, text: 'ok' });
  });

  it('is long has only its beginning as text', async () => {
    const size = 3 * LONGEST_TEXT_BYTES;
    const port = await serverThat((socket) =>
      socket.write(`${head}Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`),
    );
    const { text, body } = await ask(port).send();
    expect([text.length, body.length]).toEqual([LONGEST_TEXT_BYTES, size]);
  });
});

it('is over with its cancellation also while it waits for a connection', async () => {
  const port = await serverThat(() => undefined);
  const agent = createUnheldAgent(1);
  cleanups.push(() => agent.destroy());
  const [first, second] = [new Cancellation(), new Cancellation()];
  const [held, waiting] = [first, second].map((cancellation) =>
    sendOnce(http, { host: '127.0.0.1', port, agent }, undefined, cancellation, { cap: { bytes: 9 } }),
  );
  second.handleEvent();
  await expect(waiting).rejects.toThrow('cancelled');
  first.handleEvent();
  await expect(held).rejects.toThrow('cancelled');
});
