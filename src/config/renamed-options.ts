import type { RegistrarOptions } from './options.js';

/** Warns of options under a former name, which still works. */
export function renamedOptions({ shutdown = {} }: RegistrarOptions): string[] {
  const { crash, onExit } = shutdown as { readonly crash?: boolean; readonly onExit?: boolean };
  if (crash === undefined) return [];
  const note = onExit === undefined ? 'which it sets' : 'which takes precedence';
  return [`shutdown.crash is the old name of shutdown.onExit, ${note}: rename it`];
}
