import type { MemberFigures } from '../contracts/composed-registry.js';
import type { Events } from '../telemetry/events.js';

/** Emits `member` when a registry of a composition is passed over, and when it is used again. */
export class MemberMonitor {
  readonly #events: Events;
  readonly #out = new Set<string>();

  constructor(events: Events) {
    this.#events = events;
  }

  /** Call it with the members after every beat and every miss; undefined for a single registry. */
  look(members: readonly MemberFigures[] | undefined): void {
    for (const member of members ?? []) {
      const isOut = member.state === 'out';
      if (isOut === this.#out.has(member.name)) continue;
      if (isOut) this.#out.add(member.name);
      else this.#out.delete(member.name);
      this.#events.emit('member', member);
    }
  }
}
