import { isNotServing } from '../contracts/health-report.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { Level } from './choose-level.js';
import type { ServiceSelection } from './service-options.js';

/** The instances of a level for one caller; unchanged ones are the same array. */
export interface FilteredLevel {
  /** Those that have the tags, whatever their health. */
  readonly all: readonly ResolvedInstance[];
  /** Those of them that can serve. */
  readonly serving: readonly ResolvedInstance[];
}

type Unfiltered = Pick<Level, 'instances' | 'also'>;

/** Filters by the caller's options, once for each answer of the registry. */
export class LevelFilter {
  readonly #selection: ServiceSelection;
  #of: Unfiltered = { instances: [] };
  #filtered: FilteredLevel = { all: [], serving: Object.freeze([]) };

  constructor(selection: ServiceSelection) {
    this.#selection = selection;
  }

  filter({ instances, also }: Unfiltered): FilteredLevel {
    if (this.#of.instances === instances && this.#of.also === also) return this.#filtered;
    const { tags, includesWarning } = this.#selection;
    const replaced = new Set(also?.map(({ id }) => id));
    const merged = also === undefined ? instances : [...also, ...instances.filter(({ id }) => !replaced.has(id))];
    const all = merged.filter((instance) => tags.every((tag) => instance.tags.includes(tag)));
    const next = all.filter(
      (instance) => !isNotServing(instance) && (includesWarning || instance.status !== 'warning'),
    );
    const { serving } = this.#filtered;
    const isSame = next.length === serving.length && next.every((each, index) => each === serving[index]);
    this.#of = { instances, ...(also && { also }) };
    this.#filtered = { all, serving: isSame ? serving : Object.freeze(next) };
    return this.#filtered;
  }
}
