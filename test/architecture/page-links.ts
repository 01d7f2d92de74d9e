import { dirname, join } from 'node:path/posix';

export interface Link {
  readonly text: string;
  /** As it is written, e.g. `../config/README.md#names`. */
  readonly target: string;
}

/** Every link of a page outside of code. */
export function linksIn(markdown: string): Link[] {
  const prose = withoutCode(markdown);
  return [...prose.matchAll(/\[([^\]]*)\]\(([^()\s]+)\)/g)].map(([, text = '', target = '']) => ({ text, target }));
}

/** Where a relative link of a page leads: a path from the project root, and a heading there. */
export function resolveLink(page: string, target: string): { path: string; heading: string | undefined } {
  const [path = '', heading] = target.split('#');
  return { path: path === '' ? page : join(dirname(page), path), heading };
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsIn(markdown: string): string[] {
  const headings = [...withoutBlocks(markdown).matchAll(/^#{1,6} (.*)$/gm)].map(([, text = '']) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** How many words of prose a page has: what is not code, table or the target of a link. */
export function countWords(markdown: string): number {
  const lines = withoutBlocks(markdown)
    .split('\n')
    .filter((line) => !line.startsWith('|'));
  const shown = lines.join('\n').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return shown.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '');
}

/** Code marks within the text of a link go with their content, which is no link. */
function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replace(/`[^`\n]*`/g, '');
}
