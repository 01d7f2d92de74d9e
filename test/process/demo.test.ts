import { afterEach, describe, expect, it } from 'vitest';
import { forkService, killForkedServices } from '../support/fork-service.js';
import type { ForkedService } from '../support/fork-service.js';
import { freePorts } from '../support/servers/free-ports.js';
import { startConsul } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';

afterEach(killForkedServices);

/** Beats come by their own clock, in between whatever else is told. */
const beats = ['beat', 'beat missed'];

/** The first word of each line of the timeline, repeated ones once, without the beats. */
function steps(demo: ForkedService): string[] {
  const told = demo.lines
    .flatMap((line) => /^ *\d+\.\d\d s {2}(\S+(?: \S+)*) {2,}/.exec(line)?.[1] ?? [])
    .filter((step) => !beats.includes(step));
  return told.filter((step, i) => step !== told[i - 1]);
}

/** How often the beat was told of between the two lines. */
function beatsBetween(demo: ForkedService, from: RegExp, to: RegExp): number {
  const begin = demo.lines.findIndex((line) => from.test(line));
  const end = demo.lines.findIndex((line, i) => i > begin && to.test(line));
  return demo.lines.slice(begin, end).filter((line) => / s {2}beat {2,}/.test(line)).length;
}

async function play(env: Record<string, string | undefined>): Promise<ForkedService> {
  const [nobody = 0] = await freePorts(1);
  return forkService('examples/demo/main.ts', {
    // From the source, as `npm run demo` has it before anything is built.
    env: {
      TSX_TSCONFIG_PATH: undefined,
      CONSUL_HTTP_ADDR: `127.0.0.1:${nobody}`,
      CONSUL_HTTP_TOKEN: undefined,
      ...env,
    },
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const beginning = ['registry', 'listening', 'waiting', 'read back', 'ready', 'registered', 'read back'];
const deregistered = ['fault', 'lost', 'recovered', 'read back'];
const end = ['SIGTERM', 'draining', 'deregistered', 'read back', 'answered', 'drained', 'stopped', 'exit'];

describe('the demo without a terminal', () => {
  it('plays the whole life on a Consul of its own, and exits 0', async () => {
    const demo = await play({});
    expect(await demo.exit, demo.lines.join('\n')).toEqual({ code: 0, signal: null });
    const told = steps(demo);
    const restart = told.slice(beginning.length + deregistered.length, -end.length);
    expect(told.slice(0, beginning.length)).toEqual(beginning);
    expect(told.slice(beginning.length, beginning.length + deregistered.length)).toEqual(deregistered);
    expect(restart).toEqual(deregistered);
    expect(told.slice(-end.length)).toEqual(end);
    expect(beatsBetween(demo, / registered {2}/, / fault {2}/)).toBeGreaterThan(0);
    expect(beatsBetween(demo, / recovered {2}/, / SIGTERM {2}/)).toBeGreaterThan(0);
    expect(demo.lines.join('\n')).toMatch(/SIGKILL.*\n[^]*listed again[^]* 0 failed\n/);
    expect(demo.lines.at(-1)).toContain('code 0: the whole life');
  });

  it('plays it on the file registry where no Consul can be had', async () => {
    const demo = await play({ CONSUL_BIN: '/nowhere/consul' });
    expect(await demo.exit, demo.lines.join('\n')).toEqual({ code: 0, signal: null });
    expect(steps(demo)).toEqual([...beginning, ...deregistered, ...end]);
    expect(demo.lines.some((line) => line.includes('the file registry in'))).toBe(true);
  });

  it('uses the Consul that answers, and leaves no trace there', async () => {
    const consul = await startConsul();
    try {
      const demo = await play({ CONSUL_HTTP_ADDR: consul.url });
      expect(await demo.exit, demo.lines.join('\n')).toEqual({ code: 0, signal: null });
      expect(steps(demo)).toEqual([...beginning, ...deregistered, ...end]);
      expect(demo.lines.some((line) => line.includes('which was running already'))).toBe(true);
      expect(isAlive(consul.pid)).toBe(true);
      const raw = rawConsul(consul.url);
      expect((await raw.get('/v1/agent/services')).json<object>()).toEqual({});
      raw.close();
    } finally {
      await consul.stop();
    }
  });

  it('ends cleanly at a SIGINT half way, and ends the agent that it started', async () => {
    const demo = await play({});
    const started = await demo.waitForLine(/Consul \S+ at http:\S+, started for this demo/);
    await demo.waitForLine(/ registered {2}/);
    demo.signal('SIGINT');
    expect(await demo.exit, demo.lines.join('\n')).toEqual({ code: 0, signal: null });
    // What was asked of the registry just before may be answered in between.
    expect(
      steps(demo)
        .filter((step) => step !== 'read back')
        .slice(-4),
    ).toEqual(['draining', 'deregistered', 'stopped', 'exit']);
    expect(demo.lines.at(-1)).toContain('ended early, on request');
    await expect(fetch(`${/http:[^,]+/.exec(started)![0]}/v1/status/leader`)).rejects.toThrow('fetch failed');
  });

  it('ends at a SIGINT before the service has begun', async () => {
    const demo = await play({});
    await demo.waitForLine('starting one');
    demo.signal('SIGINT');
    expect(await demo.exit, demo.lines.join('\n')).toEqual({ code: 0, signal: null });
    expect(steps(demo)).toEqual(['registry', 'exit']);
  });
});
