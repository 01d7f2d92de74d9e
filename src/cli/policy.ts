import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { leastPolicy } from '../backends/consul/consul-policy.js';
import { consulVariables, readConsulEnv } from '../backends/consul/consul-env.js';
import { readServiceEnv, serviceVariables } from '../config/env.js';
import { asError } from '../core/errors.js';
import type { ExitStatus, Output } from './command.js';
import { writeLines } from './command.js';
import { looksLikeFile, namesInFile } from './names-in-file.js';

const { name: nameVariable } = serviceVariables;
const { namespace, partition } = consulVariables;

export const policyUsage: readonly string[] = [
  'Usage: rollcall policy [--discover NAME]... [--kv KEY]... [names or files...]',
  '',
  'Prints the least Consul ACL policy for a token of these services, in HCL:',
  '  rollcall policy | consul acl policy create -name orders -rules -',
  'Words that look like files are read, as in rollcall lint.',
  `Without words: ${nameVariable.variable}, else the package.json of the current folder.`,
  `${namespace.variable} and ${partition.variable} apply.`,
  '',
  '  --discover NAME   instances of that service are looked up, too',
  '  --kv KEY          consulKv(KEY) is the live configuration',
  '  --help            this text',
  '',
  'Exit status: 0 printed, 2 there is no service to print it for.',
];

/** `rollcall policy`: prints the rights that a service needs. */
export async function policy(words: readonly string[], output: Output): Promise<ExitStatus> {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: {
        discover: { type: 'string', multiple: true, default: [] },
        kv: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
    if (values.help) {
      writeLines(output.out, policyUsage);
      return 0;
    }
    const services = await servicesOf(positionals);
    if (services.length === 0) {
      writeLines(output.err, ['There is no name of a service here', '', ...policyUsage]);
      return 2;
    }
    const env = readConsulEnv();
    const keys = values.kv.map((key) => key.replace(/\/$/, ''));
    const rules = leastPolicy({
      services,
      discovers: values.discover,
      keys,
      namespace: env.namespace,
      partition: env.partition,
    });
    writeLines(output.out, rules);
    return 0;
  } catch (error) {
    writeLines(output.err, [asError(error).message, '', ...policyUsage]);
    return 2;
  }
}

async function servicesOf(words: readonly string[]): Promise<string[]> {
  const { name } = readServiceEnv();
  if (words.length === 0 && name !== undefined) return [name];
  const places = words.length === 0 && existsSync('package.json') ? ['package.json'] : words;
  const names = await Promise.all(places.map(async (word) => (looksLikeFile(word) ? namesInFile(word) : [word])));
  return [...new Set(names.flat())];
}
