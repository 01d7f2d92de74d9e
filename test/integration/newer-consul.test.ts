import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startNewerConsul } from '../support/newer-consul.js';
import { newerConsulCases } from '../support/newer-consul-cases.js';
import type { Askers } from '../support/newer-consul-cases.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { aclsOf } from './fixtures/acls.js';
import { cleanUp, later, ownConsul } from './fixtures/live.js';

const { answersAsNewer, version } = inject('consulFacts');

// What the rewriter says is held to what a newer agent itself says: the cases are the same, and one of the two answers them.
describe.each([false, true])(
  `${answersAsNewer ? `Consul ${version}` : 'the rewriter of newer answers'}, ACL: %s,`,
  (acl) => {
    let askers: Askers;
    beforeAll(async () => {
      const agent = await ownConsul({ acl });
      const door = answersAsNewer ? agent : await startNewerConsul(agent.url);
      if ('close' in door) later(() => door.close());
      const as = (token: string | undefined) => {
        const client = rawConsul(door.url, { token });
        later(() => {
          client.close();
        });
        return client;
      };
      const powerless = acl ? (await aclsOf(agent).tokenWith('key "nothing" { policy = "read" }')).secret : undefined;
      askers = { able: as(agent.token), unknown: as(randomUUID()), powerless: as(powerless) };
    });
    afterAll(cleanUp);

    it.each(newerConsulCases.filter((one) => one.acl === acl))('answers $name', async ({ ask, status, body }) => {
      const answer = await ask(askers);
      expect([answer.status, answer.body.trim()]).toEqual([status, expect.stringMatching(body)]);
    });
  },
);
