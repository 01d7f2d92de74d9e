// Code that came in keeps its licence.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { src } from './package.mjs';

/** The licences of the packages that these modules belong to, as one text. */
export function licencesOf(modules) {
  const foreign = modules.filter((path) => isAbsolute(path) && !path.startsWith(src));
  return [...new Set(foreign.map(packageFolder))].sort().map(licenceOf).join('\n');
}

function packageFolder(path) {
  const folder = dirname(path);
  return existsSync(join(folder, 'package.json')) ? folder : packageFolder(folder);
}

function licenceOf(folder) {
  const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((path) => ['licence', 'license'].includes(path.split('.')[0].toLowerCase()));
  if (file === undefined) throw new Error(`${name} would be bundled without a licence to pass on`);
  return `${name}\n\n${readFileSync(join(folder, file), 'utf8')}`;
}
