/** The maximum length of a host name on Linux; a longer one is cut. */
const LONGEST_HOST = 64;

/**
 * The default id: name, host and port joined by `-`, so that a restart at the same address and port replaces the old
 * entry. Without a port it is name and host: then two processes of one service on one host each need an `id`.
 */
export function defaultId(name: string, hostname: string, port: number | undefined): string {
  const parts = [name, hostname.slice(0, LONGEST_HOST), ...(port === undefined ? [] : [String(port)])];
  return parts.map(sanitise).join('-');
}

/** Ids appear in URLs and file names, so characters that would need escaping become dashes. */
function sanitise(part: string): string {
  return part.replace(/[^A-Za-z0-9._-]/g, '-');
}
