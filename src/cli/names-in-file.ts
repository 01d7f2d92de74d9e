import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseEnv } from 'node:util';
import { serviceVariables } from '../config/env.js';
import { isObject } from '../config/merge-sources.js';

const NAME = serviceVariables.name.variable;

/** True for a word that is meant as a file: by its ending, or for a slash in it. */
export function looksLikeFile(word: string): boolean {
  return /[/\\]|\.(json|ya?ml|env)$/i.test(word) || /^\.env(\.|$)/.test(word);
}

/** True for the names that Compose looks for, and for those that usually go with them (`compose.prod.yaml`). */
export function isCompose(file: string): boolean {
  return /^(docker-)?compose(\.[^/\\]+)?\.ya?ml$/.test(basename(file));
}

/** Names of services in a package.json, a compose file or an env file. Rejects when it cannot be read as what its ending says. */
export async function namesInFile(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  if (/\.json$/i.test(path)) return namesInPackage(JSON.parse(text));
  if (/\.ya?ml$/i.test(path)) return namesInCompose(await parseYaml(text));
  return namesOnly(parseEnv(text)[NAME]);
}

/** What stands under `rollcall`, else the package's own name, without the scope, which is npm's. */
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

/** `SERVICE_NAME` in a map or in a list of `NAME=value`; one without a value is taken from outside. */
function variablesOf(environment: unknown): [string, unknown][] {
  const pairs = Array.isArray(environment)
    ? environment.map((line): [string, unknown] => {
        const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(String(line)) ?? [];
        return [key, value];
      })
    : Object.entries(isObject(environment) ? environment : {});
  return pairs.filter(([key]) => key === NAME);
}

/** Of `${NAME:-orders}` the default; undefined for a value that only the outside knows. */
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
