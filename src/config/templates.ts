import { hostname } from 'node:os';

import { isSecret, readVariable } from './env.js';

/** What a template can ask for. */
export interface TemplateFacts {
  /** Value of a variable of the environment; undefined when it is not set. */
  readonly variable: (name: string) => string | undefined;
  /** Name of this host. */
  readonly host: () => string;
}

/** Those of this process. */
export const processFacts: TemplateFacts = { variable: readVariable, host: hostname };

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
  let rendered = '';
  for (let at = 0; ;) {
    const open = text.indexOf(OPEN, at);
    if (open === -1) return { text: rendered + text.slice(at) };
    const close = text.indexOf(CLOSE, open);
    const filled = fillIn(close === -1 ? '' : text.slice(open + OPEN.length, close), facts);
    if ('allowed' in filled) return filled;
    rendered += text.slice(at, open) + filled.text;
    at = close + CLOSE.length;
  }
}

function fillIn(expression: string, { variable, host }: TemplateFacts): Rendered {
  if (expression === 'host') return { text: host() };
  const [, name, fallback] = /^env\.([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s.exec(expression) ?? [];
  if (name === undefined || fallback?.includes(OPEN)) return { allowed: `a template of the form ${FORMS}` };
  if (isSecret(name))
    return { allowed: `no template with ${name}, which is a secret: whoever reads the registry would read it` };
  const text = variable(name) ?? fallback;
  return text === undefined
    ? { allowed: `${name} has to be set in the environment, or the template given a default: \`{{env.${name}|none}}\`` }
    : { text };
}
