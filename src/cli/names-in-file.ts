import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseEnv } from 'node:util';
import { serviceVariables } from '../config/env.js';
import { isObject } from '../config/merge-sources.js';

const NAME = serviceVariables.name.variable;

/** Whether a word names a file: by its extension or a slash. */
export function looksLikeFile(word: string): boolean {
  return /[/\\]|\.(json|ya?ml|env)$/i.test(word) || /^\.env(\.|$)/.test(word);
}

/** Whether the file has a name that Compose looks for, or a usual variant such as `compose.prod.yaml`. */
export function isCompose(file: string): boolean {
  return /^(docker-)?compose(\.[^/\\]+)?\.ya?ml$/.test(basename(file));
}

/**
 * Reads service names from a package.json, a compose file or an env file. Rejects when the content does not match the
 * extension.
 */
export async function namesInFile(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  if (/\.json$/i.test(path)) return namesInPackage(JSON.parse(text));
  if (/\.ya?ml$/i.test(path)) return namesInCompose(await parseYaml(text));
  return namesOnly(parseEnv(text)[NAME]);
}

/** The name under `rollcall`, else the package's name without its npm scope. */
function namesInPackage(manifest: unknown): string[] {
  if (!isObject(manifest)) return [];
  const { rollcall, name } = manifest;
  if (isObject(rollcall) && rollcall['name'] !== undefined) return namesOnly(rollcall['name']);
  return namesOnly(name).map((full) => full.replace(/^@[^/]*\//, ''));
}

/** The `SERVICE_NAME` of every service that has one; the services' keys when none has. */
function namesInCompose(compose: unknown): string[] {
  const services = isObject(compose) && isObject(compose['services']) ? compose['services'] : {};
  const variables = Object.values(services).flatMap((service) =>
    isObject(service) ? variablesOf(service['environment']) : [],
  );
  if (variables.length === 0) return Object.keys(services);
  return [...new Set(variables.flatMap(([, value]) => namesOnly(interpolated(value))))];
}

/** `SERVICE_NAME` in a map or in a list of `NAME=value`; without a value it comes from the outer environment. */
function variablesOf(environment: unknown): [string, unknown][] {
  const pairs = Array.isArray(environment)
    ? environment.map((line): [string, unknown] => {
        const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(String(line)) ?? [];
        return [key, value];
      })
    : Object.entries(isObject(environment) ? environment : {});
  return pairs.filter(([key]) => key === NAME);
}

/** The default of `${NAME:-orders}`; undefined for a value that only the outer environment has. */
function interpolated(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const filled = value.replace(/\$\{[A-Za-z_][A-Za-z0-9_]*:?-([^${}]*)\}/g, '$1');
  return filled.includes('$') ? undefined : filled;
}

function namesOnly(value: unknown): string[] {
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}

/** Loaded for compose files only. */
async function parseYaml(text: string): Promise<unknown> {
  const { parseDocument } = await import('yaml').catch((cause: unknown) => {
    throw new Error('reading YAML needs the package yaml: npm install yaml', { cause });
  });
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return document.toJS() as unknown;
}
