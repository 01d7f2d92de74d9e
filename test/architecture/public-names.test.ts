import ts from 'typescript';
import { expect, it } from 'vitest';
import { compile, exportsOf } from './compiler.js';
import { root } from './source-tree.js';

const values = [
  'register', 'Registrar', 'consul', 'file', 'memory', 'configFile', 'consulKv', 'isRegistrarError', 'hasCode', 'RegistrarError', 'ConfigError', 'CircuitOpenError', 'HookFailedError', 'IdConflictError', 'NameInvalidError', 'checkName', 'formatName', 'parseName',
  'AddressNotFoundError', 'RegistryUnavailableError', 'RegistryRejectedError', 'RegistryDeniedError', 'RegistrationLostError',
  'TimeoutError', 'StoppedError',
];

const types = [
  'RegistrarOptions', 'ChecksOptions', 'ProbeOptions', 'HttpCheckOptions', 'GrpcCheckOptions', 'HealthOptions', 'HeartbeatOptions',
  'ShutdownOptions', 'DrainOptions', 'Duration', 'ConsulOptions', 'TlsOptions', 'FileOptions', 'InstanceChanges', 'RegistrarStatus', 'RegistrarEvents',
  'EventName', 'Listener', 'LossCause', 'ConfigRejection', 'ConfigSource', 'SourceReading', 'ConfigFileOptions', 'DriftPolicy', 'IdConflictPolicy', 'ShutdownPolicy', 'HookPoint', 'HookOptions', 'StopHook', 'RegistrarState', 'Registry', 'RegistryEndpoint', 'AddressCandidate', 'AddressSource', 'Registration', 'Renewal', 'Entry', 'EntryInstance', 'EntryCheck',
  'Discovery', 'DiscoveredInstance', 'Cursor', 'ServiceInstance', 'InstanceKey', 'RegistryCheck', 'Weights', 'HealthReport', 'Health', 'ComponentHealth', 'ComponentReason', 'ComponentStatus', 'ComponentOptions', 'Finding', 'OnFail',
  'HealthStatus', 'NameParts', 'NameProblem', 'Naming', 'Logger', 'ErrorCode', 'ConfigIssue',
];

it('exports these names and no other: each is a promise to keep', () => {
  const surface = exportsOf(compile([`${root}src/index.ts`]), 'src/index.ts');
  const isValue = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Value) !== 0;
  expect(surface.filter(isValue).map(({ name }) => name).sort()).toEqual([...values].sort());
  expect(surface.filter((symbol) => !isValue(symbol)).map(({ name }) => name).sort()).toEqual([...types].sort());
});
