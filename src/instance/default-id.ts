/** The longest host name Linux has; a longer one is cut. */
const LONGEST_HOST = 64;

/**
 * The id of an instance that was given none: name, host and port joined by `-`, so that a restart in the same slot replaces what it left.
 * Without a port it is name and host: two such processes of one service on one host need an `id` each.
 */
export function defaultId(name: string, hostname: string, port: number | undefined): string {
  const parts = [name, hostname.slice(0, LONGEST_HOST), ...(port === undefined ? [] : [String(port)])];
  return parts.map(sanitise).join('-');
}

/** Ids travel in URLs and file names: whatever would need escaping there becomes a dash. */
function sanitise(part: string): string {
  return part.replace(/[^A-Za-z0-9._-]/g, '-');
}
