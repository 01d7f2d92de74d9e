import { hostname } from 'node:os';

import { holdsSecret } from '../core/secrets.js';
import { isSecret, readVariable } from './env.js';

/** The values that templates can use. */
export interface TemplateFacts {
  /** The value of an environment variable; undefined when it is not set. */
  readonly variable: (name: string) => string | undefined;
  /** The name of this host. */
  readonly host: () => string;
}

/** The values of this process. */
export const processFacts: TemplateFacts = { variable: readVariable, host: hostname };

/** The rendered text, or what is allowed instead of a template that cannot be rendered. */
export type Rendered = { readonly text: string } | { readonly allowed: string };

const FORMS = '`{{env.NAME}}`, `{{env.NAME|default}}` or `{{host}}`';
const OPEN = '{{';
const CLOSE = '}}';

/** True for a text that contains a template, valid or not. */
export function hasTemplate(text: string): boolean {
  return text.includes(OPEN);
}

/** Renders `{{env.NAME}}`, `{{env.NAME|default}}` and `{{host}}`. A value is never rendered again as a template. */
export function renderTemplate(text: string, facts: TemplateFacts): Rendered {
  let rendered = '';
  for (let at = 0; ;) {
    const open = text.indexOf(OPEN, at);
    if (open === -1) return { text: rendered + text.slice(at) };
    const close = text.indexOf(CLOSE, open);
    const value = evaluate(close === -1 ? '' : text.slice(open + OPEN.length, close), facts);
    if ('allowed' in value) return value;
    rendered += text.slice(at, open) + value.text;
    at = close + CLOSE.length;
  }
}

function evaluate(expression: string, { variable, host }: TemplateFacts): Rendered {
  if (expression === 'host') return { text: host() };
  const [, name, fallback] = /^env\.([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s.exec(expression) ?? [];
  if (name === undefined || fallback?.includes(OPEN)) return { allowed: `a template of the form ${FORMS}` };
  const set = variable(name);
  // A user and password, in a URL or without one.
  const hasCredentials = set !== undefined && (holdsSecret(set) || /:[^\s]*@/.test(set));
  const why = isSecret(name) ? 'is a secret' : hasCredentials ? 'holds a secret' : undefined;
  if (why !== undefined)
    return { allowed: `no template with ${name}, which ${why}: everyone who reads the registry could read it` };
  const text = set ?? fallback;
  return text === undefined
    ? { allowed: `a variable that is set: set ${name}, or give a default as in \`{{env.${name}|none}}\`` }
    : { text };
}
