import * as v from 'valibot';
import { closestName } from '../core/closest-name.js';
import { parseDuration } from '../core/duration.js';
import { HIDDEN } from '../core/secrets.js';
import * as rules from './field-rules.js';

// The kinds of values that options have.

export const text = (longest: number, allowed: string): v.GenericSchema<string> =>
  v.pipe(
    v.string(allowed),
    v.check((value) => rules.isPlainText(value, longest), allowed),
  );

export const duration = (atLeast: number, allowed: string): v.GenericSchema<unknown, number> =>
  v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }): number => {
      const ms = parseDuration(dataset.value);
      if (ms !== undefined && ms >= atLeast) return ms;
      addIssue({ message: allowed });
      return NEVER;
    }),
  );

/** Ports and weights. */
export const positive16Bit = (): v.GenericSchema<number> =>
  v.custom<number>(rules.isPositive16Bit, 'a whole number from 1 to 65535');

export const flag = (): v.GenericSchema<boolean> => v.boolean('true or false');

/** An object with these options only; the message for an unknown name suggests a similar one. */
export function section<const Entries extends v.ObjectEntries>(
  entries: Entries,
  allowed = 'an object',
): v.GenericSchema<unknown, v.InferOutput<v.LooseObjectSchema<Entries, undefined>>> {
  const known = Object.keys(entries);
  return v.pipe(
    v.looseObject(entries, (issue) => (issue.expected === 'Object' ? allowed : 'required')),
    v.rawCheck(({ dataset: { value: input }, addIssue }) => {
      for (const [key, value] of pairsOf(input)) {
        if (!Object.hasOwn(entries, key))
          addIssue({ message: unknownOption(key, known), input: HIDDEN, path: [step(key, value)] });
      }
    }),
  );
}

/** The entries of an object; empty for any other value. */
export function pairsOf(input: unknown): [string, unknown][] {
  return typeof input === 'object' && input !== null ? Object.entries(input) : [];
}

export function step(key: string, value: unknown): v.IssuePathItem {
  return { type: 'object', origin: 'value', input: {}, key, value };
}

function unknownOption(name: string, known: readonly string[]): string {
  const meant = closestName(name, known);
  return meant === undefined
    ? `no such option; there are ${known.join(', ')}`
    : `no such option; did you mean \`${meant}\`?`;
}

/** Accepts `true` as well, for all defaults. */
export function trueOr<Output>(schema: v.GenericSchema<unknown, Output>): v.GenericSchema<unknown, Output> {
  return v.lazy((input: unknown) =>
    input === true
      ? v.pipe(
          v.unknown(),
          v.transform(() => ({})),
          schema,
        )
      : schema,
  );
}

/** Accepts `false` as well, for none. */
export function falseOr<Output>(schema: v.GenericSchema<unknown, Output>): v.GenericSchema<unknown, Output | false> {
  return v.lazy((input: unknown) => (input === false ? v.literal(false) : schema));
}

/** A duration, or the given literal. */
export function durationOr<const Word extends string | boolean>(
  word: Word,
  allowed: string,
): v.GenericSchema<unknown, Word | number> {
  return v.lazy((input) => (input === word ? v.literal(word) : duration(0, allowed)));
}

export function withMethods<T>(methods: readonly string[], allowed?: string): v.GenericSchema<T> {
  return v.custom<T>((value) => {
    const target = value !== null && (typeof value === 'object' || typeof value === 'function') ? value : {};
    return methods.every((method) => typeof Reflect.get(target, method) === 'function');
  }, allowed);
}

/** A text for which `fault` returns undefined. */
export const textWithout = (fault: (text: string) => string | undefined, allowed: string): v.GenericSchema<string> =>
  v.pipe(
    v.string(allowed),
    v.rawCheck(({ dataset: { value }, addIssue }) => {
      const message = typeof value === 'string' ? fault(value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

export const callback = <Callback>(allowed: string): v.GenericSchema<Callback> =>
  v.custom<Callback>((value) => typeof value === 'function', allowed);
