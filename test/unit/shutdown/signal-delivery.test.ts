import { expect, it } from 'vitest';
import { signalBlocker } from '../../../src/shutdown/signal-delivery.js';
import { fakeSystem } from '../../support/fake-system.js';
import { simulatedLife } from '../../support/simulated-life.js';

/** `/proc` of a process with these ancestors, the first process first. */
function procOf(commands: readonly string[]) {
  const files: Record<string, string> = { '/proc/self/status': `Name:\tnode\nPPid:\t${String(commands.length)}\n` };
  for (const [index, command] of commands.entries()) {
    files[`/proc/${String(index + 1)}/status`] = `Name:\tx\nPPid:\t${String(index)}\n`;
    files[`/proc/${String(index + 1)}/cmdline`] = command.replaceAll(' ', '\0');
  }
  return fakeSystem({ files });
}

it.each([
  [['/bin/sh -c node server.js && echo over'], "'/bin/sh -c node'"],
  [['sh /entrypoint.sh'], "'sh /entrypoint.sh'"],
  [['npm run start', 'sh -c node server.js'], "'npm run start'"],
  [['node /usr/local/bin/npm start', 'sh -c node server.js'], "'node /usr/local/bin/npm start'"],
  [['node /usr/lib/node_modules/npm/bin/npm-cli.js start'], "'node /usr/lib/node_modules/npm/bin/npm-cli.js start'"],
  [['yarn start'], "'yarn start'"],
  [['/sbin/docker-init -- npm start', 'npm start', 'sh -c node server.js'], "'npm start'"],
])('names what keeps SIGTERM from us below %j', async (commands, named) => {
  expect(await signalBlocker(procOf(commands))).toContain(`the container sends it to ${named}`);
});

it.each([
  [[]],
  [['tini -- node server.js']],
  [['node supervisor.js']],
  [['bash']],
  [['bash -i']],
  [['bash', 'npm start', 'sh -c node server.js']],
  [['/sbin/init splash', '/lib/systemd/systemd --user', 'bash', 'npm start', 'sh -c node server.js']],
])('finds nothing in the way below %j', async (commands) => {
  expect(await signalBlocker(procOf(commands))).toBeUndefined();
});

it('is warned of at the start, unless SIGTERM is nothing to us', async () => {
  const warnings = async (signals: readonly NodeJS.Signals[]) => {
    const { registrar, clock, told } = simulatedLife(
      { shutdown: { signals } },
      undefined,
      undefined,
      procOf(['npm start']),
    );
    void registrar.start();
    await clock.advance(100);
    return told('warning');
  };
  expect(await warnings(['SIGTERM'])).toEqual([
    { message: expect.stringContaining('SIGTERM may never arrive') as string },
  ]);
  expect(await warnings(['SIGINT'])).toEqual([]);
});
