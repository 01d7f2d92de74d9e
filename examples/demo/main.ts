// Shows the life of one instance as it happens: npm run demo
import { playLife } from './life.js';
import { narrate } from './narrate.js';
import { buildService } from './service.js';
import { setStage } from './set-stage.js';
import { Timeline } from './timeline.js';

/** The steps that must happen, in this order. */
const wholeLife = [
  ...['registry', 'listening', 'waiting', 'read back', 'ready', 'registered', 'read back', 'beat'],
  ...['fault', 'lost', 'recovered', 'read back', 'beat'],
  ...['SIGTERM', 'draining', 'deregistered', 'read back', 'answered', 'drained', 'stopped'],
];

const timeline = new Timeline(process.stdout);
timeline.say('rollcall: one service, its whole life in a registry. Ctrl-C ends it at any moment.\n');

// Handles signals until the Registrar does. Servers started so far end with this process.
const endEarly = (): void => {
  timeline.tell('exit', 'ended before the service began');
  process.exit(0);
};
process.on('SIGINT', endEarly).on('SIGTERM', endEarly);

const stage = await setStage(timeline);
const ended = new AbortController();
let gateOpen = false;
let failed = false;
let playedOut = false;

const app = await buildService({ registry: stage.registry, ready: () => gateOpen }, async () => {
  if (!ended.signal.aborted) timeline.tell('drained', 'no request for a second: the traffic has gone');
  await stage.close();
});
process.off('SIGINT', endEarly).off('SIGTERM', endEarly);

narrate(app.registrar, timeline);
app.registrar.on('draining', () => {
  if (!playedOut) ended.abort(new Error('ended by a signal'));
});

// The Registrar ends the process, with code 0 after a clean stop.
process.on('exit', (code) => {
  const missing = failed || ended.signal.aborted ? undefined : timeline.missing(wholeLife);
  if (missing !== undefined) timeline.tell('problem', `'${missing}' did not happen when it should have`);
  const incomplete = failed || missing !== undefined;
  if (incomplete) process.exitCode = 1;
  const verdict = ended.signal.aborted ? 'ended early, on request' : `the whole life, in ${timeline.elapsed}`;
  timeline.tell(
    'exit',
    `code ${String(process.exitCode ?? code)}: ${incomplete ? 'not everything happened as it should' : verdict}`,
  );
});

try {
  await playLife({
    app,
    stage,
    timeline,
    signal: ended.signal,
    openGate: () => {
      gateOpen = true;
    },
    terminate: () => {
      playedOut = true;
      process.kill(process.pid, 'SIGTERM');
    },
  });
} catch (error) {
  if (!ended.signal.aborted) {
    failed = true;
    timeline.tell('problem', error instanceof Error ? error.message : String(error));
    playedOut = true;
    process.kill(process.pid, 'SIGTERM');
  }
}
