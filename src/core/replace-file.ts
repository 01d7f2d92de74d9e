import { rename } from 'node:fs/promises';
import { isError } from './errors.js';
import type { Clock } from './clock.js';

/** On Windows a file that a reader has open cannot be replaced for a moment; elsewhere a rename always can. */
const TRIES_ON_WINDOWS = 10;
const TRY_AGAIN_MS = 20;
const busyCodes = ['EPERM', 'EACCES', 'EBUSY'];

export interface Replacement {
  readonly from: string;
  readonly to: string;
  readonly clock: Clock;
  /** @default that of this process */
  readonly platform?: NodeJS.Platform;
  /** @default that of the file system */
  readonly move?: (from: string, to: string) => Promise<void>;
}

/** Renames a file over another, so that readers see the old file or the new one. Rejects as `rename` does. */
export async function replaceFile(replacement: Replacement): Promise<void> {
  const { from, to, clock, platform = process.platform, move = rename } = replacement;
  for (let triesLeft = platform === 'win32' ? TRIES_ON_WINDOWS : 1; ; triesLeft -= 1) {
    try {
      await move(from, to);
      return;
    } catch (error) {
      const isBusy = isError(error) && 'code' in error && busyCodes.includes(String(error.code));
      if (!isBusy || triesLeft <= 1) throw error;
      await clock.sleep(TRY_AGAIN_MS);
    }
  }
}
