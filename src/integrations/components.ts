export { disk } from '../health/components/disk.js';
export { eventLoop } from '../health/components/event-loop.js';
export type { EventLoopLimits } from '../health/components/event-loop.js';
export { gauge } from '../health/components/gauge.js';
export { memory } from '../health/components/memory.js';
export { ping } from '../health/components/ping.js';
export type { Limits, ReadyMade } from '../health/components/ready-made.js';
export { tcp } from '../health/components/tcp.js';
