import type { LocalSystem } from '../instance/local-system.js';
import type { Events } from '../telemetry/events.js';

/** A container's stop signal reaches its first process only. These programs forward it to their direct child only. */
const inits = new Set(['tini', 'docker-init', 'catatonit', 's6-svscan', 'dumb-init']);
const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'busybox']);
const runners = new Set(['npm', 'npx', 'yarn', 'yarnpkg', 'pnpm']);

interface Process {
  readonly parent: number;
  readonly words: readonly string[];
}

/**
 * Describes what keeps a SIGTERM to our container from this process; undefined when nothing is found. A shell exits
 * or ignores the signal, and npm starts commands through a shell. An interactive shell is a person at work, and
 * outside a container none of these is the first process.
 */
export async function signalBlocker(system: LocalSystem, signal?: AbortSignal): Promise<string | undefined> {
  const line = await ancestors(system, signal);
  // From the container's first process down to our parent; empty when we are the first process.
  const [first, second] = line.reverse();
  const receiver = first !== undefined && inits.has(nameOf(first)) ? second : first;
  if (receiver === undefined || !swallows(receiver)) return undefined;
  const command = receiver.words.slice(0, 3).join(' ');
  const remedy = `Start node itself, e.g. CMD ["node", "server.js"], or 'exec node' in a script`;
  return `SIGTERM may never arrive: the container sends it to '${command}', which does not forward it. ${remedy}`;
}

/** Emits a warning when SIGTERM may not arrive, unless `signal` aborts first. */
export async function warnOfLostSignals(system: LocalSystem, events: Events, signal: AbortSignal): Promise<void> {
  const message = await signalBlocker(system, signal);
  if (message !== undefined && !signal.aborted) events.emit('warning', { message });
}

/** Our parent first, then its parent, up to the first process. */
async function ancestors(system: LocalSystem, signal?: AbortSignal): Promise<Process[]> {
  const found: Process[] = [];
  for (let pid = parentIn(await system.readText('/proc/self/status')); pid > 0 && signal?.aborted !== true;) {
    const [status, commandLine] = await Promise.all([
      system.readText(`/proc/${String(pid)}/status`),
      system.readText(`/proc/${String(pid)}/cmdline`),
    ]);
    const parent = parentIn(status);
    found.push({ parent, words: commandLine.split(/[\0 ]+/).filter((word) => word !== '') });
    pid = parent;
  }
  return found;
}

function parentIn(status: string): number {
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

function nameOf({ words: [command = ''] }: Process): string {
  return command.replace(/^-?.*\//, '');
}

function swallows(process: Process): boolean {
  const [, argument = ''] = process.words;
  if (shells.has(nameOf(process))) return argument !== '' && !/^-(i|l|-login)$/.test(argument);
  const script = argument.replace(/^.*\//, '').replace(/(-cli)?(\.[cm]?js)?$/, '');
  return runners.has(nameOf(process)) || (nameOf(process) === 'node' && runners.has(script));
}
