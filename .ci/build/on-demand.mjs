// What is loaded at its first call.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parseSync } from 'rolldown/utils';
import { src } from './package.mjs';

/**
 * Registries, of which a service uses one or two, the check of options, which code that makes no Registrar does not need, what
 * hides secrets, and what reads them. Others call functions of theirs, and import nothing else.
 */
export const onDemandNames = [
  'backends/consul/consul-agents',
  'backends/consul/consul-kv',
  'backends/dns/dns-registry',
  'backends/etcd/etcd-registry',
  'backends/file/config-file',
  'backends/file/file-registry',
  'backends/redis/redis-registry',
  'config/schema',
  'core/presented-copy',
  'core/secret-traces',
  'credentials/secret-file',
  'credentials/secret-function',
  'net/tls',
  'registries/chain',
  'registries/fallback',
  'registries/nearest',
];

const prefix = '\0on-demand:';

/** Stands in for the files above: functions that load them when called, since reading all of them would slow down each start. */
export const onDemand = {
  name: 'on-demand',
  resolveId(source, importer, { kind }) {
    if (importer?.startsWith(prefix)) return { id: source, external: true };
    if (importer === undefined || !source.startsWith('.') || kind !== 'import-statement') return null;
    const name = relative(src, resolve(dirname(importer), source)).slice(0, -'.js'.length);
    return onDemandNames.includes(name) ? `${prefix}${name}` : null;
  },
  load(id) {
    if (!id.startsWith(prefix)) return null;
    const name = id.slice(prefix.length);
    const path = `${src}/${name}.ts`;
    const functions = parseSync(path, readFileSync(path, 'utf8')).program.body.flatMap(({ type, declaration }) =>
      type === 'ExportNamedDeclaration' && declaration?.type === 'FunctionDeclaration' ? declaration.id.name : [],
    );
    return functions
      .map((called) => `export function ${called}(...given) { return require('./${name}.js').${called}(...given); }`)
      .join('\n');
  },
};
