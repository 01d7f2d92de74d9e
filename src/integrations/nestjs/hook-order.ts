import type { ModulesContainer } from '@nestjs/core';

/** A class that Nest knows as a module. */
type ModuleClass = abstract new () => unknown;

/**
 * Nest runs the hooks of modules by their distance from the root module: at the start the most distant first, at the
 * end the closest first (Nest 10: the most distant again). With a module at each end, hooks of ours run before those of
 * any other module when the app closes, and after them when it starts. Call it before the first hook runs.
 */
export function placeAtBothEnds(
  modules: ModulesContainer,
  { closest, mostDistant }: { readonly closest: ModuleClass; readonly mostDistant: ModuleClass },
): void {
  for (const module of modules.values()) {
    if (module.metatype === closest) module.distance = -1;
    // Nest puts global modules at the greatest finite number.
    if (module.metatype === mostDistant) module.distance = Infinity;
  }
}
