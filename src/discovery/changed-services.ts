/** The services that are in one of two pages of a feed only, or differ. */
export function changedServices(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [name, text] of now) if (before.get(name) !== text) names.add(name);
  for (const name of before.keys()) if (!now.has(name)) names.add(name);
  return names;
}
