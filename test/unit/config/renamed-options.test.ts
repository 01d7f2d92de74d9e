import { expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve-config.js';

const resolve = (shutdown: { crash?: boolean; onExit?: boolean }) => resolveConfig({ name: 'orders', shutdown });
const warning = (note: string) => `shutdown.crash is the old name of shutdown.onExit, ${note}: rename it`;

it.each([true, false])('shutdown.crash still sets shutdown.onExit, to %s, and is warned of once', (crash) => {
  expect(resolve({ crash })).toMatchObject({ onExit: crash, warnings: [warning('which it sets')] });
});

it('shutdown.onExit takes precedence over its old name', () => {
  expect(resolve({ crash: true, onExit: false })).toMatchObject({
    onExit: false,
    warnings: [warning('which takes precedence')],
  });
});

it('the new name is no matter for a warning', () => {
  expect(resolve({ onExit: false })).toMatchObject({ onExit: false, warnings: [] });
  expect(resolve({})).toMatchObject({ onExit: true, warnings: [] });
});
