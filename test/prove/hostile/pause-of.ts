const LOCAL_MS = 250;
const REFUSED_MS = 5_000;
const CONFLICT_MS = 1_000;

/** How long a Registrar may wait between two tries at a server on this host, by what its last one met: see the table of recoveries. */
export function pauseOf(trouble: { readonly code: string } | undefined): number {
  switch (trouble?.code) {
    case 'ROLLCALL_REGISTRY_DENIED':
    case 'ROLLCALL_REGISTRY_REJECTED':
      return REFUSED_MS;
    case 'ROLLCALL_ID_CONFLICT':
      return CONFLICT_MS;
    default:
      return LOCAL_MS;
  }
}
