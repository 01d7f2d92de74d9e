import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { filesBelow, read } from './source-tree.js';

/** A word to avoid, and the standard term to write instead. */
type Rule = readonly [avoided: RegExp, instead: string];

/** Matched anywhere: in comments, strings, identifiers and pages. */
const proseRules: readonly Rule[] = [
  [/\b(whoever|whomever|nobody|somebody|anybody)\b/i, 'the actor by name: caller, client, registry, operator'],
  [/\bheld[ -](polls?|looks?)\b/i, 'long poll'],
  [/\b(is|are|was|were) to be\b/i, '`must`, `has to` or the present tense'],
  [/\bwhat (is|was) left\b/i, 'the rest by name: remaining TTL, stale entry'],
  [/\b(vigil|farewell|goodbye|upkeep)s?\b/i, 'watcher, exit handler, reconciler'],
  [/\bleft-?overs?\b/i, 'stale entry'],
  [/\bpast self\b/i, 'earlier incarnation'],
  [/\bmanners\b/i, 'the behaviour by name'],
];

/** Matched against each word of an identifier: `keepVigil` has the words `keep` and `vigil`. */
const identifierWords: readonly Rule[] = [
  [/^(bells?|vigils?|upkeep)$/, 'Wakeup, EntryWatcher, Reconciler'],
  [/^(leftovers?|strays?)$/, 'stale entries'],
  [/^(farewells?|goodbyes?)$/, 'exit handler, departure'],
  [/^(hurry|obey)$/, 'forceStop, installSignalHandlers'],
  [/^(ballots?|vitals)$/, 'ElectionStore, HealthMonitor'],
  [/^(residents?|tenants?|bearings?)$/, 'WorkerHeartbeat, WorkerClient, StatusSnapshot'],
  [/^(surroundings|portable)$/, 'ProcessContext, WorkerSpec'],
  [/^(nearby|outdated)$/, 'isLocal, hasStaleCredentials'],
];

/** Matched against whole identifiers, whose words are fine elsewhere. */
const wholeIdentifiers: readonly Rule[] = [
  [/^Permits$/, 'Semaphore'],
  [/^(SharedLook|Standing|Claim)$/, 'BatchWatcher, RegistrationTracker, IdConflictDetector'],
  [/^(obtain|Held|Remembered)$/, 'ensureRegistered, ActiveRegistration, LastKnownEntry'],
  [/^(clearPastSelf|removeLeftover)$/, 'removeStaleEntry'],
  [/^Silence$/, 'StallDetector'],
  [/^(Way|WorkerWay|Elected)$/, 'Coordination, WorkerRegistry, LeaderElection'],
  [/^(Opinion|Lane|Wire)$/, 'StatusThreshold, ConnectionPool, connection'],
  [/^(Seat|Account)$/, 'WorkerSession, WorkerEvent'],
  [/^(portRegistry|Holding)$/, 'serializeRegistry, Placement'],
  [/^dueInMs$/, 'nextBeatInMs'],
  [/^(asked|told|held|noted|doubts)$/, 'a noun, or a verb for a function'],
];

const LONGEST_LINE = 120;

const sources = filesBelow('src').filter((path) => path.endsWith('.ts'));
const pages = [
  'README.md',
  ...filesBelow('.github').filter((path) => path.endsWith('.md')),
  ...['src', 'test', 'examples'].flatMap(filesBelow).filter((path) => path.endsWith('/README.md')),
];

describe('the words of STYLE', () => {
  it.each(sources)('%s', (path) => {
    const text = read(path);
    expectNone([...longLines(text), ...inProse(text), ...inIdentifiers(path, text)]);
  });

  it.each(pages)('%s', (path) => {
    expectNone(inProse(read(path)));
  });

  it.each([
    ['// Nobody waits for the held poll.', 2],
    ['export class Ballot {}', 1],
    ['function keepVigil(): void {}', 1],
    ["const plan = { dueInMs: 1, 'held': 2 };", 2],
    ['const entry = `leftover ${String(told)}`;', 2],
    [`// ${'x'.repeat(LONGEST_LINE)}`, 1],
    ['// A claim that the wire and the lane hold, and a standing look at the elected leader.', 0],
  ])('are missed in %s', (text, count) => {
    expect([...longLines(text), ...inProse(text), ...inIdentifiers('sample.ts', text)]).toHaveLength(count);
  });
});

/** Shows every finding in the message, where the report would cut a long array. */
function expectNone(findings: readonly string[]): void {
  expect(findings, findings.join('\n')).toEqual([]);
}

function longLines(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.length > LONGEST_LINE ? [`${String(index + 1)}: ${String(line.length)} wide`] : [],
    );
}

function inProse(text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    proseRules.flatMap(([avoided, instead]) => {
      const matches = line.match(new RegExp(avoided, 'gi')) ?? [];
      return matches.map((match) => finding(index, match, instead));
    }),
  );
}

function inIdentifiers(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const findings: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = nameOf(node);
    if (name !== undefined) {
      const words = name.split(/(?=[A-Z])|_/).map((word) => word.toLowerCase());
      const found =
        wholeIdentifiers.find(([avoided]) => avoided.test(name)) ??
        identifierWords.find(([avoided]) => words.some((word) => avoided.test(word)));
      if (found !== undefined) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        findings.push(finding(line, name, found[1]));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/** The name that an identifier, or a property in quotes, gives; undefined for any other node. */
function nameOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPrivateIdentifier(node)) return node.text.slice(1);
  if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.name)) return node.name.text;
  return undefined;
}

function finding(index: number, word: string, instead: string): string {
  return `${String(index + 1)}: ${word}; write ${instead}`;
}
