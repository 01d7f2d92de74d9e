export { RollcallModule } from './nestjs/rollcall-module.js';
export type { RollcallAsyncOptions, RollcallOptionsFactory } from './nestjs/rollcall-module.js';
export { terminusComponent } from './nestjs/terminus-component.js';
export type { TerminusIndicator } from './nestjs/terminus-component.js';
