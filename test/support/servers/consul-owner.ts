import { startConsul } from './consul-server.js';

// A process that starts a Consul and never stops it: its tests kill it.
const consul = await startConsul({ dataDir: true });
process.send?.({ pid: consul.pid, url: consul.url });
