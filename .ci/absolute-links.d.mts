export function absoluteLinks(markdown: string, base: string | undefined): string;
export function baseOf(manifest: { readonly homepage?: string }): string | undefined;
