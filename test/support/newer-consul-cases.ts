import type { RawAnswer, RawConsul } from './servers/raw-consul.js';

/** Clients of an agent: one that may do everything, one whose token it does not know, one whose token has no rights. */
export interface Askers {
  readonly able: RawConsul;
  readonly unknown: RawConsul;
  readonly powerless: RawConsul;
}

/** A request on which newer Consul differs from 1.8, and what it answers. */
export interface NewerConsulCase {
  readonly name: string;
  /** Whether it needs an agent with ACL, or one without. */
  readonly acl: boolean;
  ask(askers: Askers): Promise<RawAnswer>;
  readonly status: number;
  /** The whole body, but for the accessor of a token. */
  readonly body: RegExp;
}

const unknownCheck = /^Unknown check ID "nothing"\. Ensure that the check ID is passed, not the check name\.$/;
const unknownService = /^Unknown service ID "nothing"\. Ensure that the service ID is passed, not the service name\.$/;
const lacks = (permission: string, name: string) =>
  new RegExp(
    `^Permission denied: token with AccessorID '[0-9a-f-]{36}' lacks permission '${permission}' on "${name}"$`,
  );

const web = { Name: 'web', ID: 'web', Checks: [{ CheckID: 'web:http', HTTP: 'http://127.0.0.1:1', Interval: '60s' }] };

/** What the rewriter (`newer-consul.ts`) imitates. The same requests go to a real newer agent, where one is tested. */
export const newerConsulCases: readonly NewerConsulCase[] = [
  ...[false, true].flatMap((acl): NewerConsulCase[] => [
    {
      name: 'a beat of a check that is not there',
      acl,
      ask: ({ able }) => able.put('/v1/agent/check/pass/nothing'),
      status: 404,
      body: unknownCheck,
    },
    {
      name: 'an update of a check that is not there',
      acl,
      ask: ({ able }) => able.put('/v1/agent/check/update/nothing', { Status: 'passing' }),
      status: 404,
      body: unknownCheck,
    },
    {
      name: 'the removal of a check that is not there',
      acl,
      ask: ({ able }) => able.put('/v1/agent/check/deregister/nothing'),
      status: 404,
      body: unknownCheck,
    },
    {
      name: 'the removal of a service that is not there',
      acl,
      ask: ({ able }) => able.put('/v1/agent/service/deregister/nothing'),
      status: 404,
      body: unknownService,
    },
    {
      name: 'the maintenance of a service that is not there',
      acl,
      ask: ({ able }) => able.put('/v1/agent/service/maintenance/nothing?enable=true'),
      status: 404,
      body: unknownService,
    },
    {
      name: 'a beat of a check that has no TTL',
      acl,
      ask: async ({ able }) => {
        await able.put('/v1/agent/service/register', web);
        return able.put('/v1/agent/check/pass/web:http');
      },
      status: 500,
      body: /^CheckID "web:http" does not have associated TTL$/,
    },
  ]),
  {
    name: 'a registration without the right to it',
    acl: true,
    ask: ({ powerless }) => powerless.put('/v1/agent/service/register', web),
    status: 403,
    body: lacks('service:write', 'web'),
  },
  {
    name: 'a registration by a token that is not known',
    acl: true,
    ask: ({ unknown }) => unknown.put('/v1/agent/service/register', web),
    status: 403,
    body: /^ACL not found$/,
  },
  ...(['get', 'put'] as const).map((verb): NewerConsulCase => ({
    name: `a ${verb} of a key without the right to it`,
    acl: true,
    ask: ({ powerless }) => powerless[verb]('/v1/kv/shops/eu'),
    status: 403,
    body: lacks(verb === 'get' ? 'key:read' : 'key:write', 'shops/eu'),
  })),
];
