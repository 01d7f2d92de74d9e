import { isSecret } from './env.js';

/** What a template can ask for. */
export interface TemplateFacts {
  /** Value of a variable of the environment; undefined when it is not set. */
  readonly variable: (name: string) => string | undefined;
  /** Name of this host. */
  readonly host: () => string;
}

/** The finished text, or what is allowed instead of a template that cannot be filled in. */
export type Rendered = { readonly text: string } | { readonly allowed: string };

const FORMS = '`{{env.NAME}}`, `{{env.NAME|default}}` or `{{host}}`';
const OPEN = '{{';
const CLOSE = '}}';

/** True for a text that has a template in it, a right one or not. */
export function hasTemplate(text: string): boolean {
  return text.includes(OPEN);
}

/** Fills in `{{env.NAME}}`, `{{env.NAME|default}}` and `{{host}}`. What is filled in is never taken for a template itself. */
export function renderTemplate(text: string, facts: TemplateFacts): Rendered {
  const [before = '', ...openings] = text.split(OPEN);
  let rendered = before;
  for (const opening of openings) {
    const end = opening.indexOf(CLOSE);
    if (end === -1) return { allowed: `a template of the form ${FORMS}` };
    const filled = fillIn(opening.slice(0, end), facts);
    if ('allowed' in filled) return filled;
    rendered += filled.text + opening.slice(end + CLOSE.length);
  }
  return { text: rendered };
}

function fillIn(expression: string, { variable, host }: TemplateFacts): Rendered {
  if (expression === 'host') return { text: host() };
  const [, name, fallback] = /^env\.([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s.exec(expression) ?? [];
  if (name === undefined) return { allowed: `a template of the form ${FORMS}` };
  if (isSecret(name)) return { allowed: `no template with ${name}, which is a secret: whoever reads the registry would read it` };
  const text = variable(name) ?? fallback;
  return text === undefined ? { allowed: `${name} has to be set in the environment, or the template given a default: \`{{env.${name}|none}}\`` } : { text };
}
