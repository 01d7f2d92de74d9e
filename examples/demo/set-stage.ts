import { openConsul, startOwnConsul } from './consul-stage.js';
import { openFiles } from './file-stage.js';
import type { Stage } from './stage.js';
import type { Timeline } from './timeline.js';

/** Uses a running Consul, else starts one, else uses the file registry. */
export async function setStage(timeline: Timeline): Promise<Stage> {
  const address = process.env.CONSUL_HTTP_ADDR || '127.0.0.1:8500';
  const url = address.includes('://') ? address : `http://${address}`;
  const running = await openConsul(url).catch(() => undefined);
  if (running !== undefined) {
    timeline.tell('registry', `${running.title}, which was running already: only the demo's own entry is touched`);
    return running;
  }
  timeline.tell(
    'registry',
    `no Consul answers at ${url}: starting one (if none is installed, it is downloaded once, as a Debian package)`,
  );
  try {
    const own = await startOwnConsul();
    timeline.tell('registry', `${own.title}, started for this demo and ended with it`);
    return own;
  } catch (error) {
    timeline.tell('registry', `that did not work: ${error instanceof Error ? error.message : String(error)}`);
    const files = await openFiles();
    timeline.tell('registry', `${files.title}, which needs no server at all`);
    return files;
  }
}
