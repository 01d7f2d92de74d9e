import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../wait-for.js';
import { findServer } from './find-server.js';
import { startOnFreePorts } from './free-ports.js';
import { ManagedServer } from './managed-server.js';
import type { Command } from './managed-server.js';

export interface HaproxyOptions {
  /** The service in Consul that it balances over. */
  readonly service: string;
  /** Of the Consul agent. */
  readonly dnsPort: number;
  /** How often it looks at who is there, in seconds; one that is no longer in the answer is used for up to twice as long. @default 1 */
  readonly refreshSeconds?: number;
  /** Address that its connections come from. @default '127.0.0.1' */
  readonly source?: string;
  /** HTTP/2 to the instances. @default false */
  readonly http2?: boolean;
}

/** What it logs of a request that carried an `x-request` header. */
export interface LoggedRequest {
  readonly status: number;
  /** How the session ended: two letters, `--` when all was well. */
  readonly termination: string;
  readonly server: string;
}

/** Starts an HAProxy on loopback that finds its servers by Consul's DNS and never tries a request twice; resolves once it accepts connections. */
export async function startHaproxy(options: HaproxyOptions): Promise<HaproxyServer> {
  const program = await findServer('haproxy');
  const log = createSocket('udp4');
  log.bind(0, '127.0.0.1');
  await once(log, 'listening');
  return startOnFreePorts(1, async ([port = 0]) => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-haproxy-'));
    const file = join(directory, 'haproxy.cfg');
    await writeFile(file, configuration(options, port, log.address().port));
    return new HaproxyServer({ program, words: ['-db', '-f', file], directory }, port, log);
  });
}

/** A balancer that has what it knows of its requests from no retry, and tells how each ended. */
export class HaproxyServer extends ManagedServer {
  readonly port: number;
  /** By `x-request`. */
  readonly logged = new Map<string, LoggedRequest>();
  readonly #log: Socket;

  constructor(command: Command, port: number, log: Socket) {
    super(command);
    this.port = port;
    this.#log = log;
    log.on('message', (message) => {
      const [id = '', status, termination = '', server = ''] = message.toString().trim().split(' ');
      this.logged.set(id, { status: Number(status), termination, server });
    });
  }

  async ready(timeoutMs = 10_000): Promise<void> {
    const current = this.process;
    try {
      await waitFor(
        async () => {
          const socket = connect(this.port, '127.0.0.1');
          try {
            await once(socket, 'connect');
            return true;
          } finally {
            socket.destroy();
          }
        },
        { timeoutMs },
      );
      if (!current.running) throw new Error('it ended');
    } catch (cause) {
      throw new Error(`HAProxy did not come up on port ${this.port}. Its output:\n${current.output}`, { cause });
    }
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.#log.removeAllListeners('message').close();
  }
}

function configuration(
  { service, dnsPort, refreshSeconds = 1, source = '127.0.0.1', http2 = false }: HaproxyOptions,
  port: number,
  logPort: number,
): string {
  const hold = `${2 * refreshSeconds}s`;
  return `
global
  log 127.0.0.1:${logPort} format raw local0
defaults
  mode http
  log global
  log-format "%[capture.req.hdr(0)] %ST %ts %s"
  retries 0
  no option redispatch
  timeout connect 2s
  timeout client 20s
  timeout server 20s
resolvers consul
  nameserver local 127.0.0.1:${dnsPort}
  accepted_payload_size 8192
  resolve_retries 3
  timeout resolve ${refreshSeconds}s
  timeout retry 1s
  hold valid ${hold}
  hold nx ${hold}
  hold obsolete ${hold}
frontend in
  bind 127.0.0.1:${port}
  http-request capture req.hdr(x-request) len 40
  default_backend web
backend web
  balance roundrobin
  source ${source}
  server-template web 10 _${service}._tcp.service.consul resolvers consul resolve-opts allow-dup-ip resolve-prefer ipv4 init-addr none check${http2 ? ' proto h2' : ''}
`;
}
