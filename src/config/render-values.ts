import { isObject } from './merge-sources.js';
import type { Values } from './merge-sources.js';
import { hasTemplate, renderTemplate } from './templates.js';
import type { TemplateFacts } from './templates.js';

/** A template that cannot be filled in. */
export interface TemplateFault {
  readonly path: readonly string[];
  readonly value: string;
  readonly allowed: string;
}

/** Fills in the templates of the fields that may have them: the id, tags and meta values. A field with a fault stays as it was written. */
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
  const finished = {
    ...values,
    ...(id !== undefined && { id: render(id, 'id') }),
    ...(Array.isArray(tags) && { tags: tags.map((tag, index) => render(tag, 'tags', String(index))) }),
    ...(isObject(meta) && {
      meta: Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, render(value, 'meta', key)])),
    }),
  };
  return { values: finished, faults };
}
