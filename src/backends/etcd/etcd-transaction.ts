import { toBytes } from './etcd-codec.js';

/** A transaction of etcd: what has to hold, and what happens then or otherwise. At most 128 of each. */
export interface Transaction {
  readonly compare: readonly object[];
  readonly success?: readonly object[];
  readonly failure?: readonly object[];
}

/** etcd's default limit of the conditions, and of the operations, of one transaction. */
export const MOST_OPERATIONS = 128;

export interface KeyValue {
  readonly key?: string;
  readonly value?: string;
  readonly mod_revision?: string;
  readonly lease?: string;
}

interface Header {
  readonly revision?: unknown;
}

export interface RangeAnswer {
  readonly header?: Header;
  readonly kvs?: readonly KeyValue[];
}

export interface TransactionAnswer {
  readonly succeeded?: boolean;
  readonly header?: Header;
  readonly responses?: readonly { readonly response_range?: RangeAnswer }[];
}

/** The revision of the whole store at which etcd answered; undefined if the answer has none. */
export function revisionOf({ header }: { readonly header?: Header }): string | undefined {
  return int64Of(header?.revision);
}

/** A number of 64 bits as the gateway writes it, a text of digits; undefined for anything else. */
export function int64Of(value: unknown): string | undefined {
  return typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? value : undefined;
}

export function put(key: string, value: string, lease: string): object {
  return { request_put: { key: toBytes(key), value: toBytes(value), lease } };
}

export function deletion(key: string): object {
  return { request_delete_range: { key: toBytes(key) } };
}

/** Reads whether the key exists. */
export function look(key: string): object {
  return { request_range: { key: toBytes(key), keys_only: true } };
}

/** Condition: the key was last written at `revision`; `'0'` if it does not exist. */
export function isAt(key: string, revision: string): object {
  return { key: toBytes(key), target: 'MOD', result: 'EQUAL', mod_revision: revision };
}

/** Condition: the key is on that lease. */
export function isOn(key: string, lease: string): object {
  return { key: toBytes(key), target: 'LEASE', result: 'EQUAL', lease };
}
