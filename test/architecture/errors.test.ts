import { expect, it } from 'vitest';
import * as errors from '../../src/core/errors.js';
import { AllRegistriesFailedError, RegistrarError, TimeoutError, hasCode } from '../../src/core/errors.js';
import { deserializeError, serializeError } from '../../src/core/error-serialization.js';
import { compile, exportedType } from './compiler.js';
import { codeIn } from './markdown-tables.js';
import { rowsOf, tables } from './pages.js';
import { root } from './source-tree.js';

type ErrorClass = new (...given: never[]) => RegistrarError;

const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === 'function' && value.prototype instanceof RegistrarError;
const classes = Object.entries<unknown>(errors).flatMap(([name, value]) =>
  isErrorClass(value) ? [[name, value] as const] : [],
);
/** An empty list is a message to most of them and the issues to ConfigError. */
const pairs = classes
  .map(([name, Class]) => `${name} ${(Reflect.construct(Class, [[]]) as RegistrarError).code}`)
  .sort();

it('gives every error class one code of its own, and every code a class', () => {
  const program = compile([`${root}src/core/errors.ts`]);
  const type = exportedType(program, 'src/core/errors.ts', 'ErrorCode');
  const codes = type.isUnion() ? type.types.map((each) => (each.isStringLiteral() ? each.value : '')) : [];
  expect(pairs.map((pair) => pair.split(' ')[1]).sort()).toEqual([...codes].sort());
});

it('names every error class and its code in a row of their page, and no other', () => {
  const rows = rowsOf(tables.errors).map(([name = '', code = '']) => `${codeIn(name).join()} ${codeIn(code).join()}`);
  expect(rows.sort()).toEqual(pairs);
});

it('exports every error class from the package', async () => {
  const surface: Record<string, unknown> = await import('../../src/index.js');
  for (const [name, Class] of classes) expect(surface[name], name).toBe(Class);
  expect(surface.RegistrarError).toBe(RegistrarError);
});

it.each(classes)('knows a %s again that has come from another thread', (_name, Class) => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  const error = Reflect.construct(Class, [[], { registry: 'consul', operation: 'renew', cause }]) as RegistrarError;
  const again = deserializeError(structuredClone(serializeError(error)));
  expect(again).toBeInstanceOf(Class);
  expect(hasCode(again, error.code)).toBe(true);
  const shown = ({ name, message, stack, code, retryable, registry, operation }: RegistrarError) => ({
    name,
    message,
    stack,
    code,
    retryable,
    registry,
    operation,
  });
  expect(shown(again as RegistrarError)).toEqual(shown(error));
  if (error.cause !== undefined)
    expect(again.cause).toMatchObject({ message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', syscall: 'connect' });
});

it('keeps what a chain of registries said, and does not follow a circle of causes for ever', () => {
  const chained = deserializeError(
    structuredClone(serializeError(new AllRegistriesFailedError([new TimeoutError('late'), new Error('gone')]))),
  ) as AllRegistriesFailedError;
  expect(chained.errors).toMatchObject([{ code: 'ROLLCALL_TIMEOUT', message: 'late' }, { message: 'gone' }]);
  const circle = new Error('round');
  circle.cause = circle;
  expect(deserializeError(structuredClone(serializeError(circle))).message).toBe('round');
});
