import { afterEach, describe, expect, it } from 'vitest';
import { read } from '../architecture/source-tree.js';
import { tableRows } from '../architecture/markdown-tables.js';
import { refusingOrigin } from '../support/http-instance.js';
import { undiciCopies } from '../support/undici-copies.js';
import { dispatcherOf, instanceOf, resolverOf } from './fixtures/undici.js';
import { cleanUp } from './fixtures/live.js';

afterEach(cleanUp);

/** What the page says: rows are releases of Node, columns the dispatchers. */
const rows = tableRows(read('src/integrations/undici/README.md'), 'Built-in `fetch` of');
const release = process.versions.node.split('.')[0]!;
const url = 'http://orders.service/';

/** A method of the class, as undici 8 exports it. */
interface Wrapping {
  readonly Dispatcher1Wrapper?: new (dispatcher: object) => object;
}

describe.each(undiciCopies)('undici $version', ({ version, undici }) => {
  const { Dispatcher1Wrapper } = undici as Wrapping;
  const isSeven = version.startsWith('7.');
  const forms = isSeven
    ? [{ column: 1, wrap: (dispatcher: object) => dispatcher }]
    : [
        { column: 2, wrap: (dispatcher: object) => dispatcher },
        { column: 3, wrap: (dispatcher: object) => new Dispatcher1Wrapper!(dispatcher) },
      ];

  it.each(forms)('does with the fetch of Node what the page says in column $column', async ({ column, wrap }) => {
    const cells = rows.find(([first]) => first === `Node ${release}`) ?? [];
    const instance = await instanceOf();
    const dispatcher = wrap(dispatcherOf(undici, resolverOf(await refusingOrigin(), instance)));
    const call = async () => {
      const init = { dispatcher, method: 'POST', body: 'text', signal: AbortSignal.timeout(2_000) };
      return (await fetch(url, init as RequestInit)).text();
    };
    const works = await Promise.all([call(), call(), call()]).then(
      (answers) => answers.every((each) => each === String(instance.port)),
      () => false,
    );
    expect(works ? 'works' : 'fails').toBe(cells[column]?.split(',')[0]);
    if (works)
      expect(instance.requests.map(({ host, body }) => `${String(host)} ${body}`)).toEqual(
        Array(3).fill('orders.service text'),
      );
  });
});
