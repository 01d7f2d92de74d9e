import type { DiscoveredInstance } from '../../contracts/discovery.js';
import { systemClock } from '../../core/clock.js';
import { isError } from '../../core/errors.js';
import { visitSlicedJson } from '../../core/sliced-json.js';
import { decodeInstance } from './consul-codec.js';

/** How many changes and how many removals a page has at most, so that none takes the reader's thread long. */
const MOST_ON_A_PAGE = 100;

/** What the thread can be asked. `list`: numbers a list that successive answers are compared with. */
export type DiffRequest =
  | {
      readonly kind: 'compare';
      readonly list: number;
      /** An answer of `health/service`. */
      readonly bytes: Uint8Array;
      /** The most bytes of an instance; what is longer is left out. */
      readonly longest: number;
      readonly mostInstances: number;
    }
  | { readonly kind: 'next'; readonly list: number }
  | { readonly kind: 'forget'; readonly list: number };

/** A part of the differences; further ones follow by `next` until `isLast`. */
export interface DiffPage {
  /** A list of `ChangedInstance` as JSON: a parser keeps equal short texts once, and a clone of objects does not. */
  readonly changed: string;
  readonly removed: readonly number[];
  readonly isLast: boolean;
  /** How long the comparison took. */
  readonly costMs: number;
}

/** The answer is not Consul's; `why`: if that can be told without a quote of it. */
export interface DiffFault {
  readonly fault: { readonly why: string | undefined };
}

/** The slot is the number of an instance in its list, the same in each answer. After a removal, another one gets it. */
export type ChangedInstance = readonly [slot: number, instance: DiscoveredInstance];

export type DiffReply = DiffPage | DiffFault;

/** What is kept of an instance. */
interface KnownInstance {
  readonly slot: number;
  /** Moves with each write; undefined: not known. */
  readonly version: string | undefined;
  /** Of what readers see. */
  readonly digest: string;
}

interface KnownList {
  readonly instances: ReadonlyMap<string, KnownInstance>;
  readonly changed: ChangedInstance[];
  readonly removed: number[];
  /** From the next comparison on. */
  readonly freeSlots: number[];
  readonly costMs: number;
}

/** The fields that tell whether an entry was written since. */
interface VersionedEntry {
  readonly Node?: { readonly Node?: unknown; readonly ModifyIndex?: unknown };
  readonly Service?: { readonly ID?: unknown; readonly ModifyIndex?: unknown };
  readonly Checks?: readonly { readonly ModifyIndex?: unknown }[];
}

/** Compares answers of Consul with the last one of the same list. Runs in a thread of its own. */
export class AnswerDiffs {
  readonly #lists = new Map<number, KnownList>();

  /** Undefined for `forget`. */
  async answer(request: DiffRequest): Promise<DiffReply | undefined> {
    const { list } = request;
    if (request.kind === 'forget') {
      this.#lists.delete(list);
      return undefined;
    }
    if (request.kind === 'next') return this.#pageOf(list);
    try {
      await this.#compare(request);
      return this.#pageOf(list);
    } catch (thrown) {
      this.#lists.delete(list);
      // A SyntaxError could quote the answer, which may hold secrets.
      return { fault: { why: isError(thrown) && thrown instanceof TypeError ? thrown.message : undefined } };
    }
  }

  async #compare({ list, bytes, longest, mostInstances }: Extract<DiffRequest, { kind: 'compare' }>): Promise<void> {
    const since = systemClock.now();
    const { instances: before = new Map<string, KnownInstance>(), freeSlots = [] } = this.#lists.get(list) ?? {};
    let slots = before.size + freeSlots.length;
    const instances = new Map<string, KnownInstance>();
    const changed: ChangedInstance[] = [];
    const visit = (entry: unknown, member: string | undefined) => {
      if (member !== undefined) throw new TypeError('it is not a list');
      if (instances.size === mostInstances)
        throw new TypeError(`it lists more than ${String(mostInstances)} instances`);
      const versioned = entry as VersionedEntry;
      const key = JSON.stringify([versioned.Node?.Node, versioned.Service?.ID]);
      const version = versionOf(versioned);
      const known = before.get(key);
      if (known !== undefined && version !== undefined && known.version === version) {
        instances.set(key, known);
        return;
      }
      const instance = decodeInstance(entry);
      const digest = digestOf(instance);
      const slot = known?.slot ?? freeSlots.pop() ?? slots++;
      instances.set(key, { slot, version, digest });
      if (known?.digest !== digest) changed.push([slot, instance]);
    };
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await visitSlicedJson(buffer, { longest }, visit, new AbortController().signal);
    const removed = [...before].flatMap(([key, { slot }]) => (instances.has(key) ? [] : slot));
    freeSlots.push(...removed);
    this.#lists.set(list, { instances, changed, removed, freeSlots, costMs: systemClock.now() - since });
  }

  #pageOf(list: number): DiffPage {
    const { changed = [], removed = [], costMs = 0 } = this.#lists.get(list) ?? {};
    const page = {
      changed: JSON.stringify(changed.splice(0, MOST_ON_A_PAGE)),
      removed: removed.splice(0, MOST_ON_A_PAGE),
    };
    return { ...page, isLast: changed.length + removed.length === 0, costMs };
  }
}

function versionOf({ Node, Service, Checks }: VersionedEntry): string | undefined {
  const indexes = [Node?.ModifyIndex, Service?.ModifyIndex, ...(Checks ?? []).map(({ ModifyIndex }) => ModifyIndex)];
  return indexes.every((index) => typeof index === 'number') ? indexes.join() : undefined;
}

function digestOf(instance: DiscoveredInstance): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(JSON.stringify(instance)).digest('base64');
}
