import { isObject } from './merge-sources.js';
import type { Values } from './merge-sources.js';
import { hasTemplate, renderTemplate } from './templates.js';
import type { TemplateFacts } from './templates.js';

/** A template that cannot be rendered. */
export interface TemplateFault {
  readonly path: readonly string[];
  readonly value: string;
  readonly allowed: string;
}

/** Renders the templates in the id, tags and meta values. A value with a fault stays unchanged. */
export function renderValues(values: Values, facts: TemplateFacts): { values: Values; faults: TemplateFault[] } {
  const faults: TemplateFault[] = [];
  const render = (value: unknown, ...path: string[]): unknown => {
    if (typeof value !== 'string' || !hasTemplate(value)) return value;
    const rendered = renderTemplate(value, facts);
    if ('text' in rendered) return rendered.text;
    faults.push({ path, value, allowed: rendered.allowed });
    return value;
  };
  const { id, tags, meta } = values;
  const result = {
    ...values,
    ...(id !== undefined && { id: render(id, 'id') }),
    ...(Array.isArray(tags) && { tags: tags.map((tag, index) => render(tag, 'tags', String(index))) }),
    ...(isObject(meta) && {
      meta: Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, render(value, 'meta', key)])),
    }),
  };
  return { values: result, faults };
}
