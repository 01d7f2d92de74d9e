import { isIpAddress, isWildcard } from '../net/ip-address.js';
import { readVariable, wholeEnvironment } from './env.js';
import type { Environment } from './env.js';
import { isServiceLink } from './service-links.js';

/** What the platform's variables say about our address. The user did not set them, so invalid values are ignored. */
export interface PlatformEnv {
  /** The pod's IP, once for each variable that is set. */
  readonly pod: readonly { readonly variable: string; readonly address: string }[];
  readonly nomad: readonly NomadPort[];
  /** The endpoint of the Docker Engine. */
  readonly dockerHost: string | undefined;
  /** Undefined: PM2 did not start this process. */
  readonly pm2: Pm2Env | undefined;
}

/** What PM2 says about the process in its environment. */
export interface Pm2Env {
  /** How long it waits after the signal before it kills; undefined: its default. */
  readonly killTimeoutMs: number | undefined;
}

/** A port that Nomad allocated: a connection to `hostPort` of `address` reaches `port` here. */
export interface NomadPort {
  readonly label: string;
  readonly address: string;
  readonly port: number;
  readonly hostPort: number;
}

/** Variables that platforms set or that their manuals recommend. */
export const platformVariables = [
  { variable: 'POD_IP', meaning: "address of the pod: Kubernetes' `status.podIP` through the downward API" },
  { variable: 'MY_POD_IP', meaning: 'the same, as the Kubernetes manual calls it' },
  {
    variable: 'NOMAD_IP_<label>',
    meaning: 'address of the port that the server listens on, found by `NOMAD_PORT_<label>`',
  },
  { variable: 'NOMAD_HOST_PORT_<label>', meaning: 'that port as others reach it' },
  { variable: 'DOCKER_HOST', meaning: "the Docker Engine for `port: 'docker'`: `unix:///path` or `tcp://host:port`" },
  { variable: 'pm_id', meaning: 'PM2 started this process' },
  { variable: 'kill_timeout', meaning: 'under PM2: how long it waits before it kills, in milliseconds' },
] as const;

/** Reads the variables that platforms set. An empty variable counts as not set. */
export function readPlatformEnv(env: Environment = wholeEnvironment()): PlatformEnv {
  const labels = Object.keys(env).flatMap((variable) => {
    const label = /^NOMAD_PORT_(.+)$/.exec(variable)?.[1];
    return label === undefined || isServiceLink(variable, env) ? [] : label;
  });
  return {
    pod: ['POD_IP', 'MY_POD_IP'].flatMap((variable) => {
      const address = readVariable(variable, env);
      return address === undefined ? [] : [{ variable, address }];
    }),
    nomad: labels.flatMap((label) => readNomadPort(env, label)),
    dockerHost: readVariable('DOCKER_HOST', env),
    pm2: readPm2(env),
  };
}

/** In both modes, PM2 puts the fields of its app, `pm_id` and a configured `kill_timeout` too, into the environment. */
function readPm2(env: Environment): Pm2Env | undefined {
  if (readVariable('pm_id', env) === undefined) return undefined;
  const killTimeoutMs = Number(readVariable('kill_timeout', env) ?? NaN);
  return { killTimeoutMs: killTimeoutMs > 0 ? killTimeoutMs : undefined };
}

function readNomadPort(env: Environment, label: string): NomadPort[] {
  const read = (part: string) => readVariable(`NOMAD_${part}_${label}`, env);
  const port = Number(read('PORT'));
  const hostPort = Number(read('HOST_PORT') ?? port);
  const address = read('HOST_IP') ?? read('IP');
  const isAddress = address !== undefined && isIpAddress(address) && !isWildcard(address);
  return isAddress && isPort(port) && isPort(hostPort) ? [{ label, address, port, hostPort }] : [];
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value < 65_536;
}
