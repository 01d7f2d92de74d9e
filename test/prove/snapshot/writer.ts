import { systemClock } from '../../../src/core/clock.js';
import { SnapshotStore } from '../../../src/discovery/snapshot-store.js';
import { instancesOf, key } from './sample-service.js';

// Saves one state after another without a pause, until it is killed.
process.once('disconnect', () => process.exit(1));
const store = new SnapshotStore(process.argv[2], systemClock);
for (let state = 1; ; state += 1) {
  await store.save(key, state, instancesOf(state));
  if (state === 1) process.send?.('saving');
}
