import type { HealthReport, HealthStatus } from '../contracts/health-report.js';
import type { Entry } from '../contracts/registry.js';
import type { InstanceKey, RegistryCheck, ServiceInstance } from '../contracts/service-instance.js';
import { unseal } from './messages.js';
import type { Answer, FromWorker, Request, ToWorker } from './messages.js';

/** A request of a known verb whose data cannot be used. `number` is that of the request. */
export interface MalformedRequest {
  readonly kind: 'malformed';
  readonly number: number;
  readonly problem: string;
}

/**
 * A worker's message about the service, checked. Undefined for a message that is not ours, and for a kind or verb that
 * this version does not know: a newer worker may send it.
 */
export function readFromWorker(service: string, message: unknown): FromWorker | MalformedRequest | undefined {
  const { kind, number, request } = fieldsOf(unseal(service, message));
  if (kind === 'hello') return { kind };
  if (kind !== 'request' || !isNumber(number)) return undefined;
  const { verb } = fieldsOf(request);
  if (typeof verb !== 'string' || !Object.hasOwn(requestChecks, verb)) return undefined;
  const check = requestChecks[verb as Request['verb']];
  const problem = check(fieldsOf(request));
  return problem === undefined
    ? { kind, number, request: request as Request }
    : { kind: 'malformed', number, problem: `its ${verb} request lacks a valid ${problem}` };
}

/** The primary's message about the service, checked; undefined as for `readFromWorker`. */
export function readToWorker(service: string, message: unknown): ToWorker | undefined {
  const { kind, number, answer } = fieldsOf(unseal(service, message));
  if (kind === 'here' || kind === 'stop') return { kind };
  if (kind !== 'answer' || !isNumber(number) || !isAnswer(answer)) return undefined;
  return { kind, number, answer };
}

/** What is wrong with the data of each verb; undefined if nothing is. */
const requestChecks: Readonly<Record<Request['verb'], (request: Fields) => string | undefined>> = {
  read: ({ key }) => (isKey(key) ? undefined : 'key'),
  register: ({ instance, report }) => (isInstance(instance) ? (isReport(report) ? undefined : 'report') : 'instance'),
  renew: ({ key, report }) => (isKey(key) ? (isReport(report) ? undefined : 'report') : 'key'),
  remove: ({ key }) => (isKey(key) ? undefined : 'key'),
};

const statuses: readonly unknown[] = ['passing', 'warning', 'critical', 'maintenance'] satisfies HealthStatus[];
const checkKinds: readonly unknown[] = ['http', 'tcp', 'grpc'] satisfies RegistryCheck['kind'][];
const LARGEST_PORT = 65_535;
/** The most that a timer of Node.js can wait. */
const LONGEST_TTL_MS = 2 ** 31 - 1;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOptional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isKey(value: unknown): value is InstanceKey {
  const { name, id, nonce, namespace, partition } = fieldsOf(value);
  return isText(name) && isText(id) && [nonce, namespace, partition].every((each) => isOptional(each, isText));
}

/** True for the health of an instance or worker. */
export function isReport(value: unknown): value is HealthReport {
  const { status, reason } = fieldsOf(value);
  return statuses.includes(status) && isText(reason);
}

function isInstance(value: unknown): value is ServiceInstance {
  const { nonce, address, port, tags, meta, weights, ttlMs, checks } = fieldsOf(value);
  return (
    isKey(value) &&
    isText(nonce) &&
    isOptional(address, isText) &&
    isOptional(port, (each) => isNumber(each) && each >= 0 && each <= LARGEST_PORT) &&
    isNumber(ttlMs) &&
    ttlMs > 0 &&
    ttlMs <= LONGEST_TTL_MS &&
    hasTagsAndMeta(tags, meta) &&
    isOptional(weights, (each) => Object.values(fieldsOf(each)).every(isNumber)) &&
    Array.isArray(checks) &&
    checks.every((check) => checkKinds.includes(fieldsOf(check)['kind']))
  );
}

function hasTagsAndMeta(tags: unknown, meta: unknown): boolean {
  return Array.isArray(tags) && tags.every(isText) && isObject(meta) && Object.values(meta).every(isText);
}

function isAnswer(value: unknown): value is Answer {
  const { outcome, problem, entry, handedOver } = fieldsOf(value);
  if (outcome === 'refused') return isText(problem);
  if (outcome === 'lost') return true;
  return (
    outcome === 'done' && isOptional(entry, isEntry) && isOptional(handedOver, (each) => typeof each === 'boolean')
  );
}

function isEntry(value: unknown): value is Entry {
  const { instance, status, checks, maintenance } = fieldsOf(value);
  const { tags, meta } = fieldsOf(instance);
  return (
    isKey(instance) &&
    hasTagsAndMeta(tags, meta) &&
    statuses.includes(status) &&
    Array.isArray(checks) &&
    isOptional(maintenance, (each) => isText(fieldsOf(each)['reason']))
  );
}
