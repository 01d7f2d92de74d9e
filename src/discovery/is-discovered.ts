import type { DiscoveredInstance } from '../contracts/discovery.js';
import type { HealthStatus } from '../contracts/health-report.js';

const statuses: readonly HealthStatus[] = ['passing', 'warning', 'critical', 'maintenance'];

/** True if a value has the shape of an instance, whatever program wrote it. */
export function isDiscovered(value: unknown): value is DiscoveredInstance {
  if (typeof value !== 'object' || value === null) return false;
  const { name, id, address, port, tags, meta, weights, nonce, status, datacenter } = value as Readonly<
    Record<string, unknown>
  >;
  return (
    isText(name) &&
    isText(id) &&
    (address === undefined || isText(address)) &&
    (port === undefined || Number.isInteger(port)) &&
    Array.isArray(tags) &&
    tags.every(isText) &&
    isTexts(meta) &&
    (weights === undefined || isWeights(weights)) &&
    (nonce === undefined || isText(nonce)) &&
    (datacenter === undefined || isText(datacenter)) &&
    statuses.some((known) => known === status)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
}

function isWeights(value: unknown): boolean {
  const { passing, warning } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Number.isFinite(passing) && Number.isFinite(warning);
}
