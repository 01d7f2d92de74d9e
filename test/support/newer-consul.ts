import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { HttpAnswer, HttpExchange, HttpRequest } from '../../src/integrations/testing/http-rewriter.js';
import { rawConsul } from './servers/raw-consul.js';

/** A proxy before a Consul 1.8 that answers as newer ones do; `newer-consul-cases.ts` holds it to what 1.14 itself answers. Close it when done. */
export async function startNewerConsul(consulUrl: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(consulUrl);
  const proxy = await startFaultProxy({ target: { host: hostname, port: Number(port) } });
  await asNewerConsul(proxy, consulUrl);
  return proxy;
}

/** Makes a proxy before a Consul 1.8 answer as a newer one does. `consulUrl` leads past the proxy: some answers depend on what the agent holds. */
export async function asNewerConsul(proxy: FaultProxy, consulUrl: string): Promise<void> {
  await proxy.intercept((request) => beforeAsking(request, consulUrl));
  await proxy.rewrite((exchange) => afterAsking(exchange, consulUrl));
}

/** Without ACL, 1.8 answers 200 to the removal of something it never had: whether it had must be asked first. */
async function beforeAsking(request: HttpRequest, consulUrl: string): Promise<HttpAnswer | undefined> {
  if (request.method !== 'PUT') return undefined;
  const [, what, encodedId = ''] = /^\/v1\/agent\/(service|check)\/deregister\/([^?]+)/.exec(request.path) ?? [];
  const tokenText = tokenOf(request);
  if (what === 'service') {
    const known = await ask(consulUrl, `/v1/agent/service/${encodedId}`, tokenText);
    return known.status === 404 ? unknown('service', decodeURIComponent(encodedId)) : undefined;
  }
  // A list may hide what the token may not see; with ACL, 1.8 says by itself that it has no such check.
  if (what === 'check' && tokenText === undefined) {
    return (await hasCheck(consulUrl, decodeURIComponent(encodedId), undefined))
      ? undefined
      : unknown('check', decodeURIComponent(encodedId));
  }
  return undefined;
}

async function afterAsking(exchange: HttpExchange, consulUrl: string): Promise<HttpAnswer | undefined> {
  const { status, body, path } = exchange;
  if (status === 403) return lacking(exchange);
  const [, encodedId = ''] = /^\/v1\/agent\/(?:check|service)\/\w+\/([^?]+)/.exec(path) ?? [];
  const id = decodeURIComponent(encodedId);
  if (status === 404 && body.startsWith('No service registered with ID')) return unknown('service', id);
  if (status !== 500) return undefined;
  if (/^Unknown service/.test(body)) return unknown('service', id);
  if (/^Unknown check/.test(body)) return unknown('check', id);
  // 1.8 says the same of a check that has no TTL, and so do newer ones.
  if (body.includes('does not have associated TTL') && !(await hasCheck(consulUrl, id, tokenOf(exchange.request))))
    return unknown('check', id);
  return undefined;
}

/** A missing right, by the name of what it is missing on. Of a key, 1.8 says nothing more than that it is denied. */
function lacking({ body, path, method }: HttpExchange): HttpAnswer | undefined {
  const denied = body.trim();
  const [, resource, access, name] = /^Permission denied: Missing (\w+):(\w+) on (.+)$/.exec(denied) ?? [];
  const [, key] = /^\/v1\/kv\/([^?]+)/.exec(path) ?? [];
  const right = `${resource}:${access}`;
  if (name !== undefined) return lacks(right, name);
  if (denied !== 'Permission denied' || key === undefined) return undefined;
  return lacks(method === 'GET' ? 'key:read' : 'key:write', decodeURIComponent(key));
}

function lacks(right: string, name: string): HttpAnswer {
  const token = "token with AccessorID '00000000-0000-0000-0000-000000000002'";
  return { body: `Permission denied: ${token} lacks permission '${right}' on "${name}"` };
}

function tokenOf({ headers }: HttpRequest): string | undefined {
  const token = headers['x-consul-token'];
  return typeof token === 'string' ? token : undefined;
}

async function hasCheck(consulUrl: string, id: string, token: string | undefined): Promise<boolean> {
  return id in (await ask(consulUrl, '/v1/agent/checks', token)).json<Record<string, unknown>>();
}

async function ask(consulUrl: string, path: string, token: string | undefined) {
  const consul = rawConsul(consulUrl, { token });
  try {
    return await consul.get(path);
  } finally {
    consul.close();
  }
}

function unknown(what: 'service' | 'check', id: string): HttpAnswer {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: `Unknown ${what} ID ${JSON.stringify(id)}. Ensure that the ${what} ID is passed, not the ${what} name.`,
  };
}
