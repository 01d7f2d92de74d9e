import type { Registrar } from '../registrar.js';

/** What an integration does itself, or in another way. */
type Own = 'bind' | 'bindAlso' | 'start' | 'endpoint';

/** Passes everything else on to the Registrar, so that an integration has the whole surface without its own. */
export class RegistrarFacade implements Omit<Registrar, Own> {
  readonly registrar: Registrar;

  constructor(registrar: Registrar) {
    this.registrar = registrar;
  }

  get state(): Registrar['state'] {
    return this.registrar.state;
  }

  get instance(): Registrar['instance'] {
    return this.registrar.instance;
  }

  get health(): Registrar['health'] {
    return this.registrar.health;
  }

  readonly status: Registrar['status'] = () => this.registrar.status();
  readonly settled: Registrar['settled'] = () => this.registrar.settled();
  readonly stop: Registrar['stop'] = (reason) => this.registrar.stop(reason);
  readonly deregister: Registrar['deregister'] = (reason) => this.registrar.deregister(reason);
  readonly leave: Registrar['leave'] = (reason) => this.registrar.leave(reason);
  readonly update: Registrar['update'] = (changes) => this.registrar.update(changes);
  readonly maintenance: Registrar['maintenance'] = (on, reason) => this.registrar.maintenance(on, reason);
  readonly onStop: Registrar['onStop'] = (...hook) => this.registrar.onStop(...hook);
  readonly report: Registrar['report'] = (...report) => this.registrar.report(...report);
  readonly guard: Registrar['guard'] = (component, fn) => this.registrar.guard(component, fn);
  readonly on: Registrar['on'] = (event, listener) => this.registrar.on(event, listener);
}
