import { seededRandom } from '../../support/seeded.js';
import { simulatedLife } from '../../support/simulated-life.js';

/** So long after the last fault the service must be listed again: one beat and a few tries. */
const LISTED_WITHIN_MS = 5_000;

/** What one simulated life went through, and which promises it broke. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly confirmed: boolean;
  readonly wasRegistered: boolean;
  readonly cutOff: boolean;
  readonly timeline: readonly string[];
}

/** One whole life on the injected clock: start, beats, faults of the registry, updates, stop, each at a moment that the seed chooses. */
export async function simulate(seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const between = (low: number, high: number) => low + random() * (high - low);
  const slowest = [2, 30, 400][Math.floor(random() * 3)] as number;
  const readyAt = random() < 0.7 ? 0 : between(0, 3_000);
  const life = simulatedLife(
    { ready: () => life.clock.now() >= readyAt, shutdown: { timeout: '14s', drain: { max: '13s' } } },
    random,
    () => between(0, slowest),
  );
  const { clock, registry, registrar, process } = life;
  const violations: string[] = [];
  const timeline: string[] = [];
  const note = (what: string) => timeline.push(`${clock.now().toFixed(1).padStart(9)} ms  ${what}`);
  const violated = (what: string) => {
    violations.push(what);
    note(`VIOLATED: ${what}`);
  };

  let goneFor: 'good' | undefined;
  let healthySince = 0;
  registry.onChange = () => {
    note(`registry: ${[...registry.entries.values()].map(({ status }) => status).join() || 'empty'}`);
    if (registry.passing.length > 0 && clock.now() < readyAt) violated('passing before ready');
    if (goneFor === 'good' && registry.entries.size > 0) violated('listed after a confirmed deregistration');
  };
  for (const name of ['registered', 'lost', 'recovered', 'beatMissed', 'updated', 'stopped'] as const)
    registrar.on(name, () => note(name));
  registrar.on('deregistered', ({ confirmed }) => {
    note(`deregistered, ${confirmed ? 'confirmed' : 'not confirmed'}`);
    if (confirmed) goneFor = 'good';
    if (confirmed && registry.entries.size > 0) violated('confirmed although the registry holds it');
  });

  const faults = {
    forget: () => {
      registry.forget();
      healthySince = clock.now();
    },
    pause: () => {
      registry.pause();
      return () => {
        registry.resume(() => between(0, 500));
      };
    },
    down: () => {
      registry.down = true;
      return () => {
        registry.down = false;
      };
    },
    update: () => {
      registrar.update({ tags: [`v${String(Math.floor(random() * 100))}`] }).catch(() => undefined);
    },
  };
  const broken = new Set<string>();
  const strike = (name: keyof typeof faults) => {
    note(name);
    const mend = faults[name]();
    if (mend === undefined) return;
    broken.add(name);
    clock.after(random() < 0.5 ? between(50, 1_500) : between(50, 12_000), () => {
      note(`${name} over`);
      mend();
      broken.delete(name);
      healthySince = clock.now();
    });
  };

  registrar.start().catch(() => undefined);
  const stopAt = random() < 0.2 ? readyAt + between(0, 4 * slowest) : between(0, 15_000);
  const strikes = Math.floor(between(0, 5));
  for (let strikeNumber = 0; strikeNumber < strikes; strikeNumber += 1) {
    const name = (['forget', 'pause', 'down', 'update'] as const)[Math.floor(random() * 4)] as keyof typeof faults;
    // Many of them close to the stop, where the races are.
    const at = random() < 0.5 ? between(0, stopAt) : Math.max(0, stopAt + between(-300, 300));
    clock.after(at, () => {
      if (!broken.has(name)) strike(name);
    });
  }
  if (random() < 0.3) {
    // The race this is all about: a write that is on its way to a stuck registry when the stop begins.
    const updateAt = Math.max(0, stopAt - between(0, 20));
    clock.after(Math.max(0, updateAt - between(0, 20)), () => {
      if (broken.size === 0) strike('pause');
    });
    clock.after(updateAt, () => {
      strike('update');
    });
  }
  await clock.advance(stopAt);

  const healthyFor = clock.now() - Math.max(healthySince, readyAt);
  if (broken.size === 0 && healthyFor > LISTED_WITHIN_MS + 10 * slowest && registry.passing.length === 0)
    violated('not listed although it could serve');

  const cutOff = registry.onTheWire > 0;
  const requestsBefore = registry.requests.length;
  note('stop');
  if (random() < 0.5) process.send('SIGTERM');
  else void registrar.stop();
  await clock.advance(16_000);
  if (registrar.state !== 'stopped') violated('not stopped within its timeout');
  const afterwards = registry.requests
    .slice(requestsBefore)
    .filter(({ verb }) => verb === 'register' || verb === 'renew');
  if (afterwards.length > 0) violated('registered or beat after stop began');

  // Whatever is still stuck is let go, and arrives.
  registry.down = false;
  registry.resume(() => between(0, 500));
  await clock.advance(30_000);
  if (registry.passing.length > 0) violated('still passing after stop and a whole TTL');
  if (clock.pending > 0) violated(`${String(clock.pending)} timers left`);
  if (clock.holds > 0) violated('still holds the process');
  return {
    seed,
    violations,
    confirmed: goneFor === 'good',
    wasRegistered: life.told('registered').length > 0,
    cutOff,
    timeline,
  };
}
