import { once } from 'node:events';
import { createServer } from 'node:http';
import { rawConsul } from '../../support/servers/raw-consul.js';

// What the proof compares with: listens, then deregisters what its last life left, by one bare request.
const [url = '', id = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));

const raw = rawConsul(url);
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
await raw.put(`/v1/agent/service/deregister/${id}`);
