import { describe, expect, it } from 'vitest';
import type { ComponentPlan } from '../../../src/config/config.js';
import { defaults as builtIn } from '../../../src/config/defaults.js';
import type { ComponentStatus, Health } from '../../../src/contracts/health-report.js';
import { HealthMonitor } from '../../../src/health/health-monitor.js';
import { FakeClock } from '../../support/fake-clock.js';

const defaults = {
  run: undefined,
  close: undefined,
  intervalMs: 10_000,
  timeoutMs: 1_000,
  failures: 1,
  successes: 1,
  onFail: 'degrade',
  countsAsFailure: builtIn.countsAsFailure,
} as const;

function vitalsOf(...components: (Partial<ComponentPlan> & { name: string })[]) {
  const clock = new FakeClock();
  const told: { at: number; health: Health }[] = [];
  const components_ = components.map((component) => ({ ...defaults, ...component }));
  const parts: { name: string; reason: string; detail: string | undefined }[] = [];
  const halt = new AbortController();
  const healthMonitor = new HealthMonitor({
    components: components_,
    clock,
    onComponent: ({ name, reason, detail }) => parts.push({ name, reason, detail }),
    onChange: (health) => told.push({ at: clock.now(), health }),
  });
  return {
    clock,
    healthMonitor,
    told,
    parts,
    halt,
    start: () => healthMonitor.start(halt.signal),
    reasons: () => told.map(({ at, health }) => [at, health.reason]),
  };
}

/** A run whose next answers are set from outside. */
function switchable(first: ComponentStatus = 'passing') {
  const run = Object.assign(
    async () => {
      run.calls += 1;
      return { status: run.says, detail: run.detail };
    },
    { calls: 0, says: first, detail: undefined as string | undefined },
  );
  return run;
}

describe('a component', () => {
  it('runs at the start and then every interval', async () => {
    const run = switchable();
    const { clock, start, halt } = vitalsOf({ name: 'db', run, intervalMs: 5_000 });
    void start();
    await clock.advance(0);
    expect(run.calls).toBe(1);
    await clock.advance(4_999);
    expect(run.calls).toBe(1);
    await clock.advance(10_001);
    expect(run.calls).toBe(4);
    halt.abort(new Error('stop'));
    await clock.advance(60_000);
    expect([run.calls, clock.pending]).toEqual([4, 0]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('refused');
      },
      'refused',
    ],
    ['rejects', async () => Promise.reject(new Error('refused')), 'refused'],
    ['says false', () => false, 'the run said false'],
    ['finds so', () => ({ status: 'critical', detail: 'pool empty' }), 'pool empty'],
    [
      'rejects with no message',
      async () => Promise.reject(Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })),
      'ECONNREFUSED',
    ],
  ])('has failed when its run %s', async (_how, run, detail) => {
    const { clock, healthMonitor, start, parts, halt } = vitalsOf({ name: 'db', run });
    void start();
    await clock.advance(0);
    expect(healthMonitor.health).toMatchObject({ status: 'passing', degraded: true, reason: 'degraded: db failed' });
    expect(parts).toEqual([{ name: 'db', reason: 'failed', detail }]);
    halt.abort(new Error('stop'));
  });

  it.each([[undefined], ['PONG'], [{ rows: [] }], [true], [{ status: 200 }], [{ status: 'passing' }], [null]])(
    'is fine when its run answers %j',
    async (answer) => {
      const { clock, healthMonitor, start, halt } = vitalsOf({ name: 'db', run: () => answer });
      void start();
      await clock.advance(0);
      expect(healthMonitor.health).toMatchObject({ reason: 'ok', components: [{ reason: 'ok' }] });
      halt.abort(new Error('stop'));
    },
  );

  it('that hangs has failed, is told so by its signal, never runs twice at once, and its late answer is ignored', async () => {
    let calls = 0;
    let told: AbortSignal | undefined;
    let answer: (value: unknown) => void = () => undefined;
    const run = (signal: AbortSignal) => {
      calls += 1;
      told = signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const { clock, healthMonitor, start, halt, parts } = vitalsOf({ name: 'db', run, intervalMs: 2_000, failures: 2 });
    void start();
    await clock.advance(1_000);
    expect(told?.aborted).toBe(true);
    expect(healthMonitor.health.reason).toBe('ok');
    await clock.advance(11_000);
    expect(calls).toBe(1);
    expect(healthMonitor.health.reason).toBe('degraded: db hung');
    const before = parts.length;
    answer({ status: 'passing' });
    await clock.advance(0);
    expect([parts.length, healthMonitor.health.reason]).toEqual([before, 'degraded: db hung']);
    await clock.advance(2_000);
    expect(calls).toBe(2);
    halt.abort(new Error('stop'));
  });

  it('changes only after so many failures, and so many successes, in a row', async () => {
    const run = switchable();
    const { clock, healthMonitor, start, halt } = vitalsOf({
      name: 'redis',
      run,
      intervalMs: 1_000,
      failures: 3,
      successes: 2,
      onFail: 'critical',
    });
    void start();
    const history: string[] = [];
    for (const says of [
      'passing',
      'critical',
      'critical',
      'passing',
      'critical',
      'critical',
      'critical',
      'passing',
      'critical',
      'passing',
      'passing',
    ] as const) {
      run.says = says;
      await clock.advance(history.length === 0 ? 0 : 1_000);
      history.push(healthMonitor.health.status);
    }
    expect(history).toEqual([
      'passing',
      'passing',
      'passing',
      'passing',
      'passing',
      'passing',
      'critical',
      'critical',
      'critical',
      'critical',
      'passing',
    ]);
    halt.abort(new Error('stop'));
  });

  it.each<[string, Partial<ComponentPlan>, ComponentStatus[], ComponentStatus[]]>([
    [
      'one critical after warnings is a warning',
      { failures: 3 },
      ['warning', 'warning', 'critical', 'critical', 'critical'],
      ['passing', 'passing', 'warning', 'warning', 'critical'],
    ],
    [
      'a warning among criticals begins their count anew',
      { failures: 2 },
      ['critical', 'warning', 'critical', 'critical'],
      ['passing', 'warning', 'warning', 'critical'],
    ],
    [
      'one passing after warnings is still a warning',
      { successes: 3 },
      ['critical', 'warning', 'warning', 'passing', 'passing', 'passing'],
      ['critical', 'critical', 'critical', 'warning', 'warning', 'passing'],
    ],
  ])('goes as far as all the outcomes that are needed agree: %s', async (_, needed, said, thought) => {
    const run = switchable();
    const { clock, healthMonitor, start, halt } = vitalsOf({
      name: 'redis',
      run,
      intervalMs: 1_000,
      onFail: 'critical',
      ...needed,
    });
    void start();
    const history: string[] = [];
    for (const says of said) {
      run.says = says;
      await clock.advance(history.length === 0 ? 0 : 1_000);
      history.push(healthMonitor.health.status);
    }
    expect(history).toEqual(thought);
    halt.abort(new Error('stop'));
  });

  it('that answers as fetch does is fine only when the answer is', async () => {
    for (const [response, reason, detail] of [
      [new Response(null, { status: 204 }), 'ok', undefined],
      [new Response(null, { status: 503 }), 'failed', 'HTTP 503'],
      [{ ok: false }, 'failed', 'the answer is not ok'],
    ] as const) {
      const { clock, start, parts, halt } = vitalsOf({ name: 'api', run: () => response });
      void start();
      await clock.advance(0);
      expect(parts).toEqual([{ name: 'api', reason, detail }]);
      halt.abort(new Error('stop'));
    }
  });

  it('is closed once, at the stop, and nobody feels how that goes', async () => {
    let closed = 0;
    const close = () => {
      closed += 1;
      throw new Error('nothing to close');
    };
    const { clock, start, halt } = vitalsOf({ name: 'db', run: () => true, close });
    void start();
    await clock.advance(30_000);
    expect(closed).toBe(0);
    halt.abort(new Error('stop'));
    await clock.advance(0);
    expect(closed).toBe(1);
  });

  it.each([
    ['degrade', 'warning', 'passing', true],
    ['degrade', 'critical', 'passing', true],
    ['warning', 'warning', 'warning', false],
    ['warning', 'critical', 'warning', false],
    ['critical', 'warning', 'warning', false],
    ['critical', 'critical', 'critical', false],
    ['break', 'warning', 'passing', true],
    ['break', 'critical', 'passing', true],
  ] as const)(
    'with onFail %s that finds %s makes the instance %s, degraded: %s',
    async (onFail, says, status, degraded) => {
      const { clock, healthMonitor, start, halt } = vitalsOf({ name: 'x', run: switchable(says), onFail });
      void start();
      await clock.advance(0);
      expect(healthMonitor.health).toMatchObject({ status, degraded });
      halt.abort(new Error('stop'));
    },
  );

  it('keeps its first reason while it fails, so that the bytes stay the same', async () => {
    let error: Error | undefined = new Error('one');
    const { clock, told, start, halt } = vitalsOf({
      name: 'db',
      intervalMs: 2_000,
      run: () => (error ? Promise.reject(error) : new Promise(() => undefined)),
    });
    void start();
    await clock.advance(2_000);
    error = undefined;
    await clock.advance(10_000);
    expect(told.map(({ health }) => health.reason)).toEqual(['degraded: db failed']);
    halt.abort(new Error('stop'));
  });

  it('keeps what it says to itself: neither stack, secret nor escape code gets into the health', async () => {
    const secret = '\u001b[31mpassword=hunter2\u001b[0m\n    at Client.connect (/srv/db.js:1:1)';
    const { clock, healthMonitor, start, parts, halt } = vitalsOf({
      name: 'db',
      run: () => Promise.reject(new Error(secret)),
    });
    void start();
    await clock.advance(0);
    expect(JSON.stringify(healthMonitor.health)).not.toMatch(/hunter2|\\u001b|srv/);
    expect(parts[0]?.detail).toContain('hunter2');
    expect(parts[0]?.detail).not.toMatch(/\p{Cc}/u);
    halt.abort(new Error('stop'));
  });
});

it('are known when each component that readers of the registry see was looked at', async () => {
  let answer: (value?: unknown) => void = () => undefined;
  const slow = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const { clock, start, halt } = vitalsOf(
    { name: 'cache', run: () => new Promise(() => undefined) },
    { name: 'db', run: slow, onFail: 'critical' },
  );
  let known = false;
  void start().then(() => {
    known = true;
  });
  await clock.advance(0);
  expect(known).toBe(false);
  answer();
  await clock.advance(0);
  expect(known).toBe(true);
  halt.abort(new Error('stop'));
});

it('do not make Node warn of a leak, however many there are', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const { clock, start, halt } = vitalsOf(
    ...Array.from({ length: 50 }, (_, nth) => ({
      name: `c${nth}`,
      run: () => (nth % 2 === 0 ? true : new Promise(() => undefined)),
    })),
  );
  void start();
  await clock.advance(500);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).toEqual([]);
  halt.abort(new Error('stop'));
  expect(clock.pending).toBe(0);
});

describe('changes of the health', () => {
  it('come at once, and then at most one every 250 ms with the latest', async () => {
    const { clock, healthMonitor, reasons } = vitalsOf();
    for (let ms = 0; ms < 500; ms += 50) {
      healthMonitor.report('queue', ms % 100 === 0 ? 'warning' : 'passing');
      await clock.advance(50);
    }
    await clock.advance(1_000);
    expect(reasons()).toEqual([
      [0, 'warning: queue warning'],
      [250, 'ok'],
    ]);
  });

  it('are none where it flickers back within the gap', async () => {
    const { clock, healthMonitor, reasons } = vitalsOf();
    healthMonitor.report('queue', 'critical');
    await clock.advance(100);
    healthMonitor.report('queue', 'passing');
    healthMonitor.report('queue', 'critical');
    await clock.advance(1_000);
    expect(reasons()).toEqual([[0, 'critical: queue failed']]);
  });
});

describe('reports', () => {
  it('of what the options do not name are taken as they stand, and their detail stays here', () => {
    const { healthMonitor, parts } = vitalsOf();
    healthMonitor.report('kafka', 'critical', 'lag 90 s');
    expect(healthMonitor.health).toMatchObject({ status: 'critical', reason: 'critical: kafka failed' });
    expect(parts).toEqual([{ name: 'kafka', reason: 'failed', detail: 'lag 90 s' }]);
    healthMonitor.report('kafka', 'critical', 'lag 91 s');
    expect(parts).toHaveLength(1);
  });

  it('of a named component count as its runs and reach as far', () => {
    const { healthMonitor } = vitalsOf({ name: 'kafka', failures: 2, onFail: 'degrade' });
    healthMonitor.report('kafka', 'critical');
    expect(healthMonitor.health.reason).toBe('ok');
    healthMonitor.report('kafka', 'critical');
    expect(healthMonitor.health).toMatchObject({ status: 'passing', degraded: true });
  });

  it.each([
    ['', 'passing'],
    ['a b', 'passing'],
    ['__proto__', 'passing'],
    ['a'.repeat(65), 'passing'],
    ['kafka', 'fine'],
  ])('refuse the name %j with the status %j', (name, status) => {
    const { healthMonitor } = vitalsOf();
    expect(() => healthMonitor.report(name, status as ComponentStatus)).toThrow(
      expect.objectContaining({ code: 'ROLLCALL_CONFIG' }),
    );
    healthMonitor.report('other', 'passing');
    expect(healthMonitor.health.components).toMatchObject([{ name: 'other' }]);
  });

  it('do not make components without end', () => {
    const { healthMonitor } = vitalsOf();
    for (let made = 0; made < 256; made += 1) healthMonitor.report(`c${String(made)}`, 'passing');
    expect(() => healthMonitor.report('c256', 'passing')).toThrow('at most 256 components');
    healthMonitor.report('c255', 'warning');
  });
});

describe('guarded calls', () => {
  const api = { name: 'payments', intervalMs: 30_000, onFail: 'break' } as const;
  const fail = () => Promise.reject(new Error('503'));

  it('go through and settle as they do while the component is fine', async () => {
    const { healthMonitor } = vitalsOf(api);
    await expect(healthMonitor.guard('payments', () => 7)).resolves.toBe(7);
    await expect(healthMonitor.guard('payments', fail)).rejects.toThrow('503');
    expect(healthMonitor.health.reason).toBe('ok');
  });

  it('fail fast once its run has failed, until a trial succeeds', async () => {
    const run = switchable('critical');
    const { clock, healthMonitor, start, halt } = vitalsOf({ ...api, run });
    void start();
    await clock.advance(0);
    let called = 0;
    const call = () => healthMonitor.guard('payments', () => (called += 1));
    await expect(call()).rejects.toMatchObject({ code: 'ROLLCALL_CIRCUIT_OPEN', retryable: true });
    expect([called, healthMonitor.health.status, healthMonitor.health.reason]).toEqual([
      0,
      'passing',
      'degraded: payments open',
    ]);
    run.says = 'passing';
    await clock.advance(30_000);
    await expect(call()).resolves.toBe(1);
    expect(healthMonitor.health.reason).toBe('ok');
    halt.abort(new Error('stop'));
  });

  it('open the circuit when five in a row fail, and a run closes it', async () => {
    const run = switchable();
    const { clock, healthMonitor, start, halt } = vitalsOf({ ...api, run });
    void start();
    await clock.advance(0);
    const outcomes: string[] = [];
    const call = (fn: () => unknown) =>
      healthMonitor.guard('payments', fn).then(
        () => outcomes.push('ok'),
        (error: unknown) => outcomes.push((error as Error).message.slice(0, 3)),
      );
    for (let calls = 0; calls < 4; calls += 1) await call(fail);
    await call(() => 'fine');
    for (let calls = 0; calls < 6; calls += 1) await call(fail);
    expect(outcomes).toEqual([...Array(4).fill('503'), 'ok', ...Array(5).fill('503'), 'pay']);
    expect(healthMonitor.health.reason).toBe('degraded: payments open');
    await clock.advance(30_000);
    expect(healthMonitor.health.reason).toBe('ok');
    halt.abort(new Error('stop'));
  });

  it('close a circuit that calls alone opened with one good run, whatever `successes` says', async () => {
    const { clock, healthMonitor, start, halt } = vitalsOf({ ...api, run: () => true, successes: 3 });
    void start();
    await clock.advance(0);
    for (let calls = 0; calls < 5; calls += 1) await healthMonitor.guard('payments', fail).catch(() => undefined);
    await expect(healthMonitor.guard('payments', () => 'paid')).rejects.toThrow('payments is failing');
    await clock.advance(30_000);
    await expect(healthMonitor.guard('payments', () => 'paid')).resolves.toBe('paid');
    halt.abort(new Error('stop'));
  });

  it.each([
    ['an abort by the caller', new DOMException('gone', 'AbortError'), undefined, 'paid'],
    ['a timeout', new DOMException('late', 'TimeoutError'), undefined, 'open'],
    ['a refusal that does not count', new Error('402'), ({ message }: Error) => message !== '402', 'paid'],
    ['a refusal that counts', new Error('503'), ({ message }: Error) => message !== '402', 'open'],
    ['a refusal that the function cannot judge', new Error('402'), () => JSON.parse('{') as boolean, 'open'],
  ])('%s five times in a row', async (_, error, countsAsFailure, expected) => {
    const { healthMonitor } = vitalsOf({
      ...api,
      ...(countsAsFailure && { countsAsFailure: (thrown) => countsAsFailure(thrown as Error) }),
    });
    const refuse = () => Promise.reject(error);
    for (let calls = 0; calls < 5; calls += 1)
      await expect(healthMonitor.guard('payments', refuse)).rejects.toBe(error);
    const next = await healthMonitor.guard('payments', () => 'paid').catch(() => 'open');
    expect(next).toBe(expected);
  });

  it('leave the trial to the next call when the one on trial was given up by its caller', async () => {
    const { clock, healthMonitor } = vitalsOf(api);
    for (let calls = 0; calls < 5; calls += 1) await healthMonitor.guard('payments', fail).catch(() => undefined);
    await clock.advance(30_000);
    const given = new DOMException('gone', 'AbortError');
    await expect(healthMonitor.guard('payments', () => Promise.reject(given))).rejects.toBe(given);
    await expect(healthMonitor.guard('payments', () => 'paid')).resolves.toBe('paid');
    await expect(healthMonitor.guard('payments', () => 'paid')).resolves.toBe('paid');
  });

  it('that began before the circuit opened do not open it again after it has closed', async () => {
    const run = switchable();
    const { clock, healthMonitor, start, halt } = vitalsOf({ ...api, run });
    void start();
    await clock.advance(0);
    const rejections: ((error: Error) => void)[] = [];
    const late = Array.from({ length: 10 }, () =>
      healthMonitor.guard('payments', () => new Promise((_, reject) => rejections.push(reject))).catch(() => 'late'),
    );
    await clock.advance(0);
    for (const reject of rejections.splice(0, 5)) reject(new Error('503'));
    await clock.advance(30_000);
    expect(healthMonitor.health.reason).toBe('ok');
    for (const reject of rejections) reject(new Error('503'));
    await Promise.all(late);
    await expect(healthMonitor.guard('payments', () => 'through')).resolves.toBe('through');
    halt.abort(new Error('stop'));
  });

  describe('where no run comes', () => {
    const runless = { name: 'payments', intervalMs: 30_000, onFail: 'break' } as const;

    async function opened(component: Partial<ComponentPlan> = {}) {
      const made = vitalsOf({ ...runless, ...component });
      for (let calls = 0; calls < 5; calls += 1)
        await made.healthMonitor.guard('payments', fail).catch(() => undefined);
      const refused = () =>
        expect(made.healthMonitor.guard('payments', () => 'called')).rejects.toMatchObject({
          code: 'ROLLCALL_CIRCUIT_OPEN',
        });
      await refused();
      return { ...made, refused };
    }

    /** A call that settles when told to. */
    function held() {
      let resolve: (value: string) => void = () => undefined;
      const promise = new Promise<string>((settle) => {
        resolve = settle;
      });
      return { fn: () => promise, resolve };
    }

    it('one call after the interval is the trial, and the others fail fast meanwhile', async () => {
      const { clock, healthMonitor, refused, parts } = await opened();
      await clock.advance(29_999);
      await refused();
      await clock.advance(1);
      const trial = held();
      const tried = healthMonitor.guard('payments', trial.fn);
      await refused();
      trial.resolve('paid');
      await expect(tried).resolves.toBe('paid');
      await expect(healthMonitor.guard('payments', () => 'called')).resolves.toBe('called');
      await clock.advance(250);
      expect(healthMonitor.health.reason).toBe('ok');
      expect(parts.map(({ reason }) => reason)).toEqual(['open', 'ok']);
    });

    it('a trial that fails leaves it open for another interval', async () => {
      const { clock, healthMonitor, refused } = await opened();
      await clock.advance(30_000);
      await expect(healthMonitor.guard('payments', fail)).rejects.toThrow('503');
      await refused();
      expect(healthMonitor.health.reason).toBe('degraded: payments open');
      await clock.advance(30_000);
      await expect(healthMonitor.guard('payments', () => 'paid')).resolves.toBe('paid');
    });

    it('a trial that hangs gives way to the next, and its late answer is ignored', async () => {
      const { clock, healthMonitor, refused } = await opened();
      await clock.advance(30_000);
      const hanging = held();
      const first = healthMonitor.guard('payments', hanging.fn);
      await clock.advance(30_000);
      await expect(healthMonitor.guard('payments', fail)).rejects.toThrow('503');
      hanging.resolve('late');
      await expect(first).resolves.toBe('late');
      await refused();
    });

    it('it takes as many trials as there are successes needed', async () => {
      const { clock, healthMonitor, refused } = await opened({ successes: 2 });
      await clock.advance(30_000);
      await healthMonitor.guard('payments', () => 'paid');
      await refused();
      await clock.advance(30_000);
      await healthMonitor.guard('payments', () => 'paid');
      await expect(healthMonitor.guard('payments', () => 'called')).resolves.toBe('called');
    });

    it('calls are the trials also when the runs have ended, and not before', async () => {
      const run = switchable('critical');
      const { clock, healthMonitor, start, halt } = vitalsOf({ ...runless, run });
      void start();
      await clock.advance(10 * 60_000);
      const call = () => healthMonitor.guard('payments', () => 'called');
      await expect(call()).rejects.toMatchObject({ code: 'ROLLCALL_CIRCUIT_OPEN' });
      halt.abort(new Error('draining'));
      await clock.advance(31_000);
      await expect(call()).resolves.toBe('called');
    });
  });

  it.each(['db', 'nobody'])('are refused for a component without a circuit: %s', async (name) => {
    const { healthMonitor } = vitalsOf({ name: 'db' });
    await expect(healthMonitor.guard(name, () => 1)).rejects.toMatchObject({ code: 'ROLLCALL_CONFIG' });
  });
});
