import { consulVariables } from '../../src/backends/consul/consul-env.js';
import { etcdVariables } from '../../src/backends/etcd/etcd-env.js';
import { redisVariables } from '../../src/backends/redis/redis-env.js';
import { serviceVariables } from '../../src/config/env.js';
import { runVariables } from '../../src/config/drain-context.js';
import { platformVariables } from '../../src/config/platform-env.js';

interface Row {
  readonly variable: string;
  /** Absent for what nobody sets for our sake. */
  readonly option?: string;
  readonly meaning: string;
}

const groups = [serviceVariables, consulVariables, etcdVariables, redisVariables];
const tables: readonly Row[] = [
  ...groups.flatMap((group) => Object.values<Row>(group)),
  ...platformVariables,
  ...runVariables,
];
/** Some stand in two tables. */
const rows = new Map(tables.map((row) => [row.variable, row]));

/** The page that has the table. */
export const environmentPage = 'src/config/README.md';

/** The table as it stands on a page. */
export const environmentTablePattern = /^\| Variable \|.*\n(?:\|.*\n)+/m;

/** The table of every variable that is read, made from the tables that the code reads by. */
export function environmentTable(): string {
  const lines = [...rows.values()].map(({ variable, option, meaning }) => {
    const behind = option === undefined ? 'set by the platform' : `\`${option}\``;
    return `| \`${variable}\` | ${behind} | ${meaning} |`;
  });
  return ['| Variable | Stands behind | Meaning |', '|---|---|---|', ...lines].join('\n');
}
