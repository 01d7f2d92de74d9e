import type { OwnOptions } from '../experiment/experiment.js';

export const leaseRegistries = ['etcd', 'redis'] as const;
export type LeaseRegistry = (typeof leaseRegistries)[number];

/** `--registry`: which of them; etcd without it. */
export const leasesOptions: OwnOptions = { registry: leaseRegistries };
