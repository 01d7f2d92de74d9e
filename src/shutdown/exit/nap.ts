const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Blocks this thread for `ms`. Only for the process's 'exit' event, after which no event loop turns. */
export function nap(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
