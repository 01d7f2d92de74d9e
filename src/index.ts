export { register } from './register.js';
export { Registrar } from './registrar.js';
export type { InstanceChanges } from './registrar.js';
export type { RegistrarStatus } from './status.js';

export { consul } from './backends/consul/consul-agents.js';
export { consulKv } from './backends/consul/consul-kv.js';
export type { ConsulAgentsOptions, ConsulOptions } from './backends/consul/consul-options.js';
export { dns } from './backends/dns/dns-registry.js';
export type { DnsOptions } from './backends/dns/dns-options.js';
export { etcd } from './backends/etcd/etcd-registry.js';
export type { EtcdLayout, EtcdOptions } from './backends/etcd/etcd-options.js';
export { configFile } from './backends/file/config-file.js';
export type { ConfigFileOptions } from './backends/file/config-file.js';
export { fallback } from './registries/fallback.js';
export type { FallbackOptions } from './registries/fallback.js';
export { nearest } from './registries/nearest.js';
export type { NearestOptions } from './registries/nearest.js';
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
  Duration,
  GrpcCheckOptions,
  HealthOptions,
  HeartbeatOptions,
  HttpCheckOptions,
  ProbeOptions,
  RegistrarOptions,
  ShutdownOptions,
} from './config/options.js';
export type { DriftPolicy, IdConflictPolicy, ShutdownPolicy } from './contracts/policies.js';

export {
  AddressNotFoundError,
  AllRegistriesFailedError,
  BackendNotInstalledError,
  CircuitOpenError,
  ConfigError,
  HookFailedError,
  IdConflictError,
  NameInvalidError,
  NoInstanceError,
  NotReadyError,
  RegistrarError,
  RegistrationLostError,
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  StoppedError,
  TimeoutError,
  hasCode,
  isRegistrarError,
} from './core/errors.js';
export type { ConfigIssue, ErrorCode, LossCause } from './core/errors.js';

export type {
  Cursor,
  DiscoveredInstance,
  Discovery,
  DiscoveryTraits,
  Listing,
  ReadOptions,
  RegistryNews,
  WatchedFrom,
} from './contracts/discovery.js';
export type { Finding, OnFail } from './contracts/health-report.js';
export type {
  ComponentHealth,
  ComponentReason,
  ComponentStatus,
  Health,
  HealthReport,
  HealthStatus,
} from './contracts/health-report.js';
export type { AddressCandidate, AddressSource } from './contracts/address-candidate.js';
export { checkName, formatName, parseName } from './config/name-convention.js';
export type { NameParts, NameProblem, Naming } from './config/name-convention.js';
export type { CheckTls, InstanceKey, RegistryCheck, ServiceInstance, Weights } from './contracts/service-instance.js';
export type { Credentials, CredentialsReading } from './contracts/credentials.js';
export type { TlsOptions } from './net/tls.js';
export type { HookOptions, HookPoint, StopHook } from './shutdown/hooks.js';
export type {
  Departure,
  DepartureAnswer,
  DepartureRequest,
  HttpDeparture,
  LocalDeparture,
  DepartureLook,
  OpenConnection,
} from './contracts/departure.js';
export type { MemberFigures } from './contracts/composed-registry.js';
export type { RegistrarState } from './contracts/registrar-state.js';
export type {
  Deadlines,
  Entry,
  EntryCheck,
  EntryInstance,
  Presence,
  Registration,
  Registry,
  RegistryEndpoint,
  RegistryTraits,
  Renewal,
} from './contracts/registry.js';
export type { WorkerSpec } from './contracts/worker-spec.js';
export type { ConfigSource, SourceReading } from './contracts/config-source.js';
export type { ConfigRejection, EventName, Listener, RegistrarEvents } from './contracts/events.js';
export type { Logger } from './contracts/logger.js';
