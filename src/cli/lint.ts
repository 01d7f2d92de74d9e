import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { asError } from '../core/errors.js';
import { checkName } from '../config/name-convention.js';
import type { Naming } from '../config/name-convention.js';
import { printable } from '../core/printable.js';
import type { ExitStatus, Output } from './command.js';
import { writeLines } from './command.js';
import { isCompose, looksLikeFile, namesInFile } from './names-in-file.js';

export const lintUsage: readonly string[] = [
  'Usage: rollcall lint [--strict] [names or files...]',
  '',
  'Checks service names and prints one line for each problem. Words that look like files are read: package.json',
  '("rollcall": { "name" }, else "name"), a compose file (SERVICE_NAME of its services, else their keys) or an env',
  'file (SERVICE_NAME). Any other word is a name. Without words: package.json and compose files of the current folder.',
  '',
  '  --strict   only names of the form {env}-{domain}-{service}-{version}, e.g. prod-payment-user-service-v1',
  '  --help     this text',
  '',
  'Exit status: 0 no problem, 1 problems, 2 nothing could be checked.',
];

/** A name and its file; a name given on the command line has none. */
interface Found {
  readonly file?: string;
  readonly name: string;
}

/** `rollcall lint`: checks names given on the command line or found in files. */
export async function lint(words: readonly string[], output: Output): Promise<ExitStatus> {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { strict: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
      allowPositionals: true,
    });
    if (values.help) {
      writeLines(output.out, lintUsage);
      return 0;
    }
    const places = positionals.length > 0 ? positionals : await filesHere();
    return await check(places, values.strict ? 'strict' : 'plain', output);
  } catch (error) {
    writeLines(output.err, [asError(error).message, '', ...lintUsage]);
    return 2;
  }
}

async function check(words: readonly string[], naming: Naming, output: Output): Promise<ExitStatus> {
  const found: Found[] = [];
  const unread: string[] = [];
  for (const word of words) {
    if (!looksLikeFile(word)) found.push({ name: word });
    else {
      try {
        found.push(...(await namesInFile(word)).map((name) => ({ file: word, name })));
      } catch (error) {
        unread.push(`${printable(word, Infinity)}: cannot be read: ${printable(asError(error).message, 200)}`);
      }
    }
  }
  const problems = found.flatMap((each) =>
    checkName(each.name, naming).map(({ problem, corrected }) => `${place(each)}: ${problem} (try: ${corrected})`),
  );
  if (unread.length === 0 && found.length === 0)
    unread.push('There is no name to check here; see rollcall lint --help');
  writeLines(output.out, problems);
  writeLines(output.err, unread);
  if (unread.length > 0) return 2;
  return problems.length > 0 ? 1 : 0;
}

function place({ file, name }: Found): string {
  const shown = name === '' ? '""' : printable(name);
  return file === undefined ? shown : `${printable(file, Infinity)}: ${shown}`;
}

/** The files of the current folder that may contain a name. */
async function filesHere(): Promise<string[]> {
  const names = await readdir('.');
  return names.filter((name) => name === 'package.json' || isCompose(name)).sort();
}
