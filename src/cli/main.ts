#!/usr/bin/env node
import { lint, lintUsage } from './lint.js';
import type { Outcome } from './outcome.js';
import { policy, policyUsage } from './policy.js';

const commands: Readonly<Record<string, (words: readonly string[]) => Promise<Outcome>>> = { lint, policy };

const usage = [
  'Usage: rollcall <command> [options]',
  '',
  'Commands:',
  '  lint     check service names',
  '  policy   print the least Consul ACL policy',
  '',
  ...lintUsage,
  '',
  ...policyUsage,
];

async function run([command, ...words]: readonly string[]): Promise<Outcome> {
  if (command === '--help' || command === '-h') return { status: 0, out: usage };
  const known = command !== undefined && Object.hasOwn(commands, command) ? commands[command] : undefined;
  return known === undefined ? { status: 2, err: usage } : known(words);
}

const { status, out = [], err = [] } = await run(process.argv.slice(2));
for (const line of out) process.stdout.write(`${line}\n`);
for (const line of err) process.stderr.write(`${line}\n`);
process.exitCode = status;
