import type { TestProject } from 'vitest/node';
import { startConsul } from './consul-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** HTTP API of the dev agent that all files share: use names of your own there, and start another one to mistreat. */
    consulUrl: string;
  }
}

/** One server a kind for all files that do not mistreat it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const consul = await startConsul();
  project.provide('consulUrl', consul.url);
  return () => consul.stop();
}
