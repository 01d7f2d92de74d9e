import type { AskedOptions } from '../experiment/experiment.js';
import type { Claim } from './judge-rolling.js';
import { fullLoad, littleLoad } from './load.js';
import type { Stream } from './load.js';
import type { Framework, NemesisName, Policy, Way } from './options.js';

/** A balancer and what it is asked; HAProxy looks at who is there every so often. */
export type BalancerPlan = { readonly streams: readonly Stream[] } & (
  { readonly kind: 'haproxy'; readonly refreshSeconds: number; readonly source: string } | { readonly kind: 'gateway' }
);

/** One part of the experiment: four instances, restarted one after another under load. */
export interface Part {
  readonly name: string;
  readonly claim: Claim;
  /** Instances restarted. */
  readonly rolls: number;
  readonly way: Way;
  readonly framework: Framework;
  readonly policy: Policy;
  readonly nemesis: NemesisName | undefined;
  readonly balancers: readonly BalancerPlan[];
  /** Under load before the first restart. */
  readonly warmUpMs: number;
}

const ROLLS = 25;
/** Of the parts that stand beside the main one, each of which takes long: silence that proves nothing, and connections that nobody ends. */
const ROLLS_OF_TWO = 3;
const ROLLS_OF_USUAL = 2;
/** Quick ones: a gateway loses only what an instance had begun to answer, and that is not much at a time. */
const ROLLS_OF_EXIT = 4;
const WARM_UP_MS = 5_000;
/** The slow one of two balancers has to show its pace first. */
const LONG_WARM_UP_MS = 20_000;
const WATCH_MS = 15_000;

const busy: BalancerPlan = { kind: 'haproxy', refreshSeconds: 1, source: '127.0.0.2', streams: fullLoad };
const idle: BalancerPlan = { kind: 'haproxy', refreshSeconds: 3, source: '127.0.0.3', streams: littleLoad };
const gateway: BalancerPlan = { kind: 'gateway', streams: fullLoad };

/** What the options ask for; without any, the whole claim and a way that breaks it. */
export function partsFor(options: AskedOptions, runs: number | undefined): Part[] {
  const rolls = Number(options.rolls ?? runs ?? ROLLS);
  const isThroughGateway = options.through === 'gateway';
  if (isThroughGateway && options.framework === 'http2')
    throw new Error('The gateway speaks HTTP/1.1 to instances: leave --framework http2 out');
  const named = [options.framework, options.policy, options.nemesis, isThroughGateway && 'gateway'];
  const main: Part = {
    name: ['rollcall', ...named].filter(Boolean).join(', '),
    claim: options.nemesis === undefined ? 'lossless and prompt' : 'lossless',
    rolls,
    way: 'rollcall',
    framework: (options.framework as Framework | undefined) ?? 'http',
    policy: (options.policy as Policy | undefined) ?? 'deregister',
    nemesis: options.nemesis as NemesisName | undefined,
    balancers: [isThroughGateway ? gateway : busy],
    warmUpMs: WARM_UP_MS,
  };
  const control: Part = { ...main, name: 'no restart', claim: 'lossless', rolls: 0, warmUpMs: WATCH_MS };
  if (options.control === true) return [control];
  const usual = (way: Exclude<Way, 'rollcall'>, count: number): Part => ({
    ...main,
    name: way,
    way,
    claim: way === 'fixed-sleep' ? 'for comparison' : 'loses',
    rolls: count,
  });
  if (options.baseline !== undefined) return [main, usual(options.baseline as Exclude<Way, 'rollcall'>, rolls)];
  const isWhole = options.framework === undefined && options.policy === undefined && options.nemesis === undefined;
  if (!isWhole) return [main];
  const two: Part = {
    ...main,
    name: 'two balancers',
    claim: 'lossless',
    rolls: Math.min(rolls, ROLLS_OF_TWO),
    balancers: [busy, idle],
    warmUpMs: LONG_WARM_UP_MS,
  };
  if (isThroughGateway) return [control, main, usual('exit-at-once', ROLLS_OF_EXIT)];
  return [control, main, two, usual('close-at-once', Math.min(rolls, ROLLS_OF_USUAL))];
}
