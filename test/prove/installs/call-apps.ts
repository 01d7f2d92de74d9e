import { load } from './app.js';
import type { Style } from './app.js';

/** An app of one service that calls another one, valid as JavaScript once `plain` has taken its types away. */
interface CallApp {
  readonly code: (style: Style) => string;
  /** What it has to write to `seen.json`. */
  readonly seen: object;
}

const common = (style: Style) => `
${load(style, '{ writeFileSync }', 'node:fs')}
${load(style, '{ createServer }', 'node:http')}
${load(style, '{ Registrar, file }', 'rollcall')}
${load(style, '{ createResolver }', 'rollcall/discovery')}
const registry = file({ dir: 'entries' });
const shutdown = { signals: false as const, drain: { min: 0, quiet: 0, max: '5s' } as const };
const options = { name: 'orders', address: '127.0.0.1', registry, logger: false as const, shutdown };
`;

const keep = `main().then((seen) => writeFileSync('seen.json', JSON.stringify(seen)));\n`;

/** An HTTP service that answers with the Host it was asked for, and a resolver that has found it. */
const found = `
  const server = createServer((request, response) => { response.end(request.headers.host); });
  const registrar = new Registrar(options);
  registrar.bind(server.listen(0, '127.0.0.1'));
  await registrar.start();
  const resolver = createResolver({ registry: file({ dir: 'entries' }), logger: false });
  const orders = resolver.service('orders');
  const { source } = await orders.ready();
`;

/** \`rollcall/discovery\` alone, with what Node has. */
export const discoveryApp: CallApp = {
  code: (style) => `${common(style)}
async function main() {${found}
  const status = await orders.run(async (origin, { signal }) => (await fetch(origin, { signal })).status);
  await resolver.close();
  await registrar.stop();
  return { source, status };
}
${keep}`,
  seen: { source: 'live', status: 200 },
};

export const undiciApp: CallApp = {
  code: (style) => `${common(style)}
${load(style, '{ Agent, fetch, request }', 'undici')}
${load(style, '{ discover, pools }', 'rollcall/undici')}
async function main() {${found}
  const dispatcher = new Agent({ factory: pools(resolver) }).compose(discover(resolver));
  const { statusCode, body } = await request('http://orders.service/', { dispatcher });
  await body.dump();
  const host = await (await fetch('http://orders.service/', { dispatcher })).text();
  await dispatcher.close();
  await resolver.close();
  await registrar.stop();
  return { source, statusCode, host };
}
${keep}`,
  seen: { source: 'live', statusCode: 200, host: 'orders.service' },
};

export const grpcApp: CallApp = {
  code: (style) => `${common(style)}
${style === 'import' ? load(style, '* as grpc', '@grpc/grpc-js') : load(style, 'grpc', '@grpc/grpc-js')}
${load(style, '{ registerResolver }', 'rollcall/grpc')}
const same = (bytes: Buffer) => bytes;
const coding = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
const echo = (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => { answer(null, call.request); };
async function main() {
  const server = new grpc.Server();
  server.addService({ Echo: { path: '/orders/Echo', requestStream: false, responseStream: false, ...coding } }, { Echo: echo });
  const insecure = grpc.ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve) => { server.bindAsync('127.0.0.1:0', insecure, (error, bound) => { resolve(bound); }); });
  const registrar = new Registrar({ ...options, port });
  await registrar.start();
  const resolver = createResolver({ registry: file({ dir: 'entries' }), logger: false });
  registerResolver(grpc, resolver);
  const client = new grpc.Client('rollcall:///orders', grpc.credentials.createInsecure());
  const text = await new Promise((resolve) => {
    client.makeUnaryRequest('/orders/Echo', same, same, Buffer.from('hello'), (error, bytes) => { resolve(error ? error.message : String(bytes)); });
  });
  client.close();
  await resolver.close();
  await registrar.stop();
  server.forceShutdown();
  return { text };
}
${keep}`,
  seen: { text: 'hello' },
};

/** The same as JavaScript. */
export function plain(code: string): string {
  return code
    .replaceAll(' as const', '')
    .replace(/: (?:Buffer|grpc\.\w+<[^>]*>)/g, '')
    .replace('<number>', '');
}
