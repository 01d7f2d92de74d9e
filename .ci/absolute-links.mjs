/** A link or a piece of code; code is left as it is. */
const linkOrCode = /^```[^]*?^```$|`[^`\n]*`(?!\])|\[((?:`[^`\n]*`|[^\]`])*)\]\(([^()\s]+)\)/gm;

/**
 * The text of a page with its relative links made absolute: they lead to `base`, a URL that ends with a slash. Without a
 * base they become text that names the file in the repository. Links within the page stay.
 */
export function absoluteLinks(markdown, base) {
  return markdown.replace(linkOrCode, (whole, text, target) => {
    if (target === undefined || /^([a-z]+:|#)/.test(target)) return whole;
    if (base !== undefined) return `[${text}](${new URL(target, base).href})`;
    return text.replaceAll('`', '') === target ? text : `${text} (\`${target}\`)`;
  });
}

/** Where the files of the repository are shown, by the `homepage` of package.json, as GitHub does it. */
export function baseOf({ homepage }) {
  return homepage === undefined ? undefined : `${homepage.replace(/#.*$/, '').replace(/\/$/, '')}/blob/HEAD/`;
}
