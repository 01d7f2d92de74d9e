import { NotReadyError, asError } from '../core/errors.js';
import { printable } from '../core/printable.js';

const LONGEST_REASON = 500;

/** What keeps a server from serving: why it does not listen, or its last error. */
export class ServerProblem {
  #error: Error | undefined;
  #wasHandedConnections = false;

  /** It emitted an error. */
  failed(thrown: unknown): void {
    this.#error = asError(thrown);
  }

  /** It listens, so earlier errors no longer matter. */
  mended(): void {
    this.#error = undefined;
  }

  /** It received a connection without listening: another process, e.g. the primary of a cluster, owns the port. */
  handedConnection(): void {
    this.#wasHandedConnections = true;
  }

  /** The last error, for people. */
  get reason(): string | undefined {
    return this.#error && printable(this.#error.message, LONGEST_REASON);
  }

  /** Why it does not listen, and what to do. */
  notListening(): NotReadyError {
    if (this.#error !== undefined)
      return new NotReadyError(
        `the server does not listen: ${String(this.reason)}; the service is registered once it does`,
        { cause: this.#error },
      );
    const remedy = 'call register() in the process that owns the port, for the server that listens there';
    return new NotReadyError(
      this.#wasHandedConnections
        ? `the server is handed connections but does not listen, so another process owns the port: ${remedy}`
        : `it does not listen and has no port to advertise: call listen(), or, in a worker without a port, ${remedy}`,
    );
  }
}
