#!/usr/bin/env node
import { presentable } from '../core/printable.js';
import type { Command, ExitStatus, Output } from './command.js';
import { writeLines } from './command.js';
import { lint, lintUsage } from './lint.js';
import { policy, policyUsage } from './policy.js';

const commands: Readonly<Record<string, Command>> = { lint, policy };

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

const output: Output = {
  out: (line) => process.stdout.write(`${presentable(line)}\n`),
  err: (line) => process.stderr.write(`${presentable(line)}\n`),
};

async function run([command, ...words]: readonly string[], signal: AbortSignal): Promise<ExitStatus> {
  if (command === '--help' || command === '-h') {
    writeLines(output.out, usage);
    return 0;
  }
  const known = command !== undefined && Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (known !== undefined) return known(words, output, signal);
  writeLines(output.err, usage);
  return 2;
}

const interruption = new AbortController();
let received: NodeJS.Signals | undefined;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second signal finds no listener and ends the process.
  process.once(name, () => {
    received = name;
    interruption.abort();
  });
}
process.exitCode = await run(process.argv.slice(2), interruption.signal);
// The process still dies by the signal, so that a calling shell script stops as well.
if (received !== undefined) process.kill(process.pid, received);
