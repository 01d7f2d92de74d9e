import * as v from 'valibot';

import { consulLimits } from './consul-limits.js';
import { componentNameFault } from './field-rules.js';
import type { Registry } from '../contracts/registry.js';
import { registrationFault } from '../contracts/registry-fault.js';
import type { Logger } from '../contracts/logger.js';
import { once } from '../core/once.js';
import * as rules from './field-rules.js';
import {
  callback,
  duration,
  durationOr,
  falseOr,
  flag,
  pairsOf,
  positive16Bit,
  section,
  step,
  text,
  textWithout,
  trueOr,
  withMethods,
} from './value-schemas.js';
import type { ConfigSource } from '../contracts/config-source.js';

// Every message says what is allowed, because it becomes `ConfigIssue.allowed`. Nothing is built before its first use,
// because building the schemas takes longer than all other code of the import.

const meta = () =>
  v.pipe(
    v.custom<Readonly<Record<string, string>>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'an object of strings',
    ),
    v.rawCheck(({ dataset: { value: input }, addIssue }) => {
      const pairs = pairsOf(input);
      if (pairs.length > rules.MOST_META)
        addIssue({ message: rules.META_ROOM, input: `${String(pairs.length)} pairs` });
      for (const [key, value] of pairs) {
        const fault = rules.metaKeyFault(key) ?? rules.metaValueFault(value);
        if (fault !== undefined) addIssue({ message: fault, input: value, path: [step(key, value)] });
      }
    }),
  );

const probe = () => ({
  interval: v.optional(duration(1, "more than 0, e.g. '10s'")),
  timeout: v.optional(duration(1, "more than 0, e.g. '5s'")),
});
const probeAllowed = 'true, or an object with the options that differ from the defaults';
const httpPath = () =>
  v.pipe(
    v.string('a path or a URL'),
    v.check(rules.isPathOrUrl, 'a path that starts with `/`, or an absolute http or https URL without credentials'),
  );
const certificateName = "the name that the server's certificate contains";
const checkTls = () =>
  section({
    serverName: v.optional(v.pipe(v.string(certificateName), v.check(rules.isHost, certificateName))),
    insecureSkipVerify: v.optional(flag()),
  });
const checks = () =>
  section({
    http: v.optional(
      trueOr(section({ ...probe(), path: v.optional(httpPath()), tls: v.optional(checkTls()) }, probeAllowed)),
    ),
    tcp: v.optional(trueOr(section(probe(), probeAllowed))),
    grpc: v.optional(
      trueOr(
        section(
          { ...probe(), service: v.optional(text(Infinity, 'the name of a gRPC service')), tls: v.optional(flag()) },
          probeAllowed,
        ),
      ),
    ),
  });

const signal = () => v.custom<NodeJS.Signals>(rules.isCatchableSignal);
const shutdown = () =>
  section({
    signals: v.optional(
      v.union(
        [v.literal(false), v.array(signal())],
        "false, or an array of signals that a process can catch, e.g. ['SIGTERM']",
      ),
    ),
    policy: v.optional(
      v.picklist(
        ['deregister', 'maintenance', 'critical', 'leave'],
        "'deregister', 'maintenance', 'critical' or 'leave'",
      ),
    ),
    shared: v.optional(flag()),
    drain: v.optional(
      falseOr(
        section(
          {
            min: v.optional(duration(0, "a duration, e.g. '2s'")),
            quiet: v.optional(durationOr('auto', "'auto' or a duration, e.g. '2s'")),
            max: v.optional(duration(0, "a duration, e.g. '15s'")),
            streams: v.optional(duration(0, "a duration, e.g. '10s'")),
          },
          'false, or an object with the options that differ from the defaults',
        ),
      ),
    ),
    holdClose: v.optional(flag()),
    timeout: v.optional(duration(1, "more than 0, e.g. '25s'")),
    onExit: v.optional(flag()),
    crash: v.optional(flag()),
  });

const name = () =>
  textWithout((value) => rules.keyFault('a name', rules.LONGEST_NAME, value), 'a name, here or in SERVICE_NAME');
const id = () => textWithout((value) => rules.keyFault('an id', rules.LONGEST_ID, value), 'an id');
const tags = () =>
  v.pipe(
    v.array(textWithout(rules.tagFault, 'a text'), 'an array of strings'),
    v.maxLength(rules.MOST_TAGS, `at most ${rules.MOST_TAGS} tags`),
  );
const address = () =>
  v.pipe(
    v.string('a host name or an IP'),
    v.check(rules.isHost, 'a host name or an IP that others can connect to, without scheme, port or brackets'),
  );
const shortText = () =>
  v.optional(
    text(rules.LONGEST_NAME, `a text of 1 to ${rules.LONGEST_NAME} characters, none of them a control character`),
  );
const healthPath = () =>
  v.pipe(v.string('a path'), v.check(rules.isPath, 'a path below the root, e.g. `/health`, without query or fragment'));

const registry = () =>
  v.pipe(
    v.custom<Registry>(() => true),
    v.rawCheck(({ dataset: { value }, addIssue }) => {
      const message = registrationFault(value);
      if (message !== undefined) addIssue({ message });
    }),
  );

const inRow = () =>
  v.pipe(
    v.number('a whole number, at least 1'),
    v.integer('a whole number, at least 1'),
    v.minValue(1, 'a whole number, at least 1'),
  );
const component = () =>
  section(
    {
      run: v.optional(callback<(signal: AbortSignal) => unknown>('a function')),
      close: v.optional(callback<() => unknown>('a function')),
      interval: v.optional(duration(1, "more than 0, e.g. '10s'")),
      timeout: v.optional(duration(1, "more than 0, e.g. '2s'")),
      failures: v.optional(inRow()),
      successes: v.optional(inRow()),
      onFail: v.optional(
        v.picklist(['degrade', 'warning', 'critical', 'break'], "'degrade', 'warning', 'critical' or 'break'"),
      ),
      countsAsFailure: v.optional(callback<(error: unknown) => boolean>('a function that returns true or false')),
    },
    'an object with the options that differ from the defaults',
  );
const componentsAllowed = 'an object of components';
const health = () =>
  section({
    path: v.optional(healthPath()),
    port: v.optional(positive16Bit()),
    details: v.optional(v.union([v.literal('loopback'), v.boolean()], "false, 'loopback' or true")),
    components: v.optional(
      v.pipe(
        v.custom<object>((value) => !Array.isArray(value), componentsAllowed),
        v.record(textWithout(componentNameFault, 'a name'), component(), componentsAllowed),
      ),
    ),
  });

const heartbeat = () =>
  section({
    interval: v.optional(duration(1, "more than 0, e.g. '3s'")),
    thread: v.optional(v.picklist(['main', 'worker'], "'main' or 'worker'")),
    stallTolerance: v.optional(duration(250, "at least 250ms, e.g. '10s'")),
  });

/** The options that can change while an instance runs. */
const labels = () => ({
  tags: v.optional(tags()),
  meta: v.optional(meta()),
  weights: v.optional(
    section({ passing: positive16Bit(), warning: positive16Bit() }, 'an object with `passing` and `warning`'),
  ),
});
const labelsSchema = once(() => section(labels()));

/** The types of the options and the rules of each value. Rules between options are in `cross-field-rules.ts`. */
const optionsSchema = once(() =>
  section({
    name: name(),
    naming: v.optional(v.picklist(['plain', 'strict'], "'plain' or 'strict'")),
    id: v.optional(id()),
    address: v.optional(address()),
    port: v.optional(v.union([v.literal('docker'), positive16Bit()], "a whole number from 1 to 65535, or 'docker'")),
    ...labels(),
    zone: shortText(),
    config: v.optional(withMethods<ConfigSource>(['poll', 'close'], 'a config source, e.g. configFile(path)')),
    namespace: shortText(),
    partition: shortText(),
    registry: v.optional(registry()),
    ttl: v.optional(duration(1_000, "at least 1s, e.g. '10s'")),
    tier: v.optional(v.picklist(['core', 'standard'], "'core' or 'standard'")),
    checks: v.optional(checks()),
    deregisterCriticalAfter: v.optional(
      duration(consulLimits.shortestDeregisterAfterMs, "at least 1m, which is Consul's floor"),
    ),
    recover: v.optional(flag()),
    drift: v.optional(v.picklist(['repair', 'report', 'ignore'], "'repair', 'report' or 'ignore'")),
    onIdConflict: v.optional(v.picklist(['wait', 'fail', 'rename'], "'wait', 'fail' or 'rename'")),
    ready: v.optional(callback<() => boolean | Promise<boolean>>('a function that returns true or false')),
    health: v.optional(health()),
    heartbeat: v.optional(heartbeat()),
    shutdown: v.optional(shutdown()),
    logger: v.optional(
      v.union(
        [v.literal(false), withMethods<Logger>(['debug', 'info', 'warn', 'error'])],
        'false, or a logger with debug, info, warn and error',
      ),
    ),
    wait: v.optional(durationOr(false, "false or a duration, e.g. '5s'")),
    required: v.optional(flag()),
  }),
);

/** The options that are set, validated, with durations in milliseconds. */
export type CheckedOptions = v.InferOutput<ReturnType<typeof optionsSchema>>;

/** Validates all options at once, with every problem in `issues`. */
export function checkOptions(values: unknown): v.SafeParseResult<ReturnType<typeof optionsSchema>> {
  return v.safeParse(optionsSchema(), values);
}

/** Validates the options that can change while an instance runs. */
export function checkLabels(values: unknown): v.SafeParseResult<ReturnType<typeof labelsSchema>> {
  return v.safeParse(labelsSchema(), values);
}
