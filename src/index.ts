export { register } from './register.js';
export { Registrar } from './registrar.js';
export type { InstanceChanges } from './registrar.js';
export type { RegistrarStatus } from './status.js';

export { consul } from './config/consul.js';
export { consulKv } from './backends/consul/consul-kv.js';
export type { ConsulAgentsOptions, ConsulOptions } from './backends/consul/consul-options.js';
export { etcd } from './backends/etcd/etcd-registry.js';
export type { EtcdLayout, EtcdOptions } from './backends/etcd/etcd-options.js';
export { configFile } from './backends/file/config-file.js';
export type { ConfigFileOptions } from './backends/file/config-file.js';
export { fallback } from './registry/fallback.js';
export type { FallbackOptions } from './registry/fallback.js';
export { nearest } from './registry/nearest.js';
export type { NearestOptions } from './registry/nearest.js';
export { file } from './backends/file/file-registry.js';
export type { FileOptions } from './backends/file/file-options.js';
export { redis } from './backends/redis/redis-registry.js';
export type { RedisOptions } from './backends/redis/redis-options.js';
export type { RedisClient } from './backends/redis/redis-client.js';
export { memory } from './backends/memory/memory-registry.js';

export type {
  CheckTlsOptions,
  ChecksOptions,
  ComponentOptions,
  DrainOptions,
  DriftPolicy,
  Duration,
  GrpcCheckOptions,
  HealthOptions,
  HeartbeatOptions,
  HttpCheckOptions,
  IdConflictPolicy,
  ProbeOptions,
  RegistrarOptions,
  ShutdownPolicy,
  ShutdownOptions,
} from './config/options.js';

export {
  AddressNotFoundError,
  AllRegistriesFailedError,
  BackendNotInstalledError,
  CircuitOpenError,
  ConfigError,
  HookFailedError,
  IdConflictError,
  NameInvalidError,
  RegistrarError,
  RegistrationLostError,
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  StoppedError,
  TimeoutError,
  hasCode,
  isRegistrarError,
} from './errors.js';
export type { ConfigIssue, ErrorCode, LossCause } from './errors.js';

export type { Cursor, DiscoveredInstance, Discovery } from './discovery/discovery.js';
export type { Finding, OnFail } from './health/component.js';
export type { ComponentHealth, ComponentReason, ComponentStatus, Health, HealthReport, HealthStatus } from './health/report.js';
export type { AddressCandidate, AddressSource } from './instance/address-candidates.js';
export { checkName, formatName, parseName } from './instance/name-convention.js';
export type { NameParts, NameProblem, Naming } from './instance/name-convention.js';
export type { CheckTls, InstanceKey, RegistryCheck, ServiceInstance, Weights } from './instance/service-instance.js';
export type { Secrets, SecretsReading } from './resilience/secrets.js';
export type { TlsOptions } from './resilience/tls.js';
export type { HookOptions, HookPoint, StopHook } from './lifecycle/hooks.js';
export type { RegistrarState } from './lifecycle/states.js';
export type { Deadlines, Entry, EntryCheck, EntryInstance, MemberFigures, Presence, Registration, Registry, RegistryEndpoint, Renewal } from './registry/registry.js';
export type { WorkerSpec } from './registry/worker-spec.js';
export type { ConfigSource, SourceReading } from './config/source.js';
export type { ConfigRejection, EventName, Listener, RegistrarEvents } from './telemetry/events.js';
export type { Logger } from './telemetry/logger.js';
