import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/core/clock.js';
import { SnapshotStore } from '../../../src/discovery/snapshot-store.js';
import { forkService } from '../../support/fork-service.js';
import { seededRandom } from '../../support/seeded.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { every, pause } from '../experiment/pause.js';
import { table } from '../experiment/table.js';
import { judgeSnapshot } from './judge-snapshot.js';
import type { Damage, SnapshotEvent } from './judge-snapshot.js';
import { instancesOf, isWhole, key } from './sample-service.js';

const FLIPS = 10_000;
const RUNS = 20;
/** A sound file between so many damaged ones. */
const SOUND_EVERY = 100;
const LONGEST_WRITING_MS = 200;
const STARTED_WITHIN_MS = 60_000;
const DISK = '256k';

/** Saved snapshots that are damaged, cut short by a kill, or have no room. */
export async function snapshot(lab: Lab): Promise<Verdict> {
  const kills = lab.runs ?? RUNS;
  const random = seededRandom(lab.seed);
  const history = lab.record<SnapshotEvent>();
  const flips = lab.runs === undefined ? FLIPS : Math.min(FLIPS, lab.runs * 100);
  for (const event of await damaged(flips, random)) history.note(event);
  lab.say(`${flips} bit flips and ${flips} torn writes`);
  history.note(await killed(kills, random));
  lab.say(`${kills} kills in the middle of a write`);
  history.note(await fullDisk());
  history.flush();
  const verdict = judgeSnapshot(history.events);
  lab.say(
    table(
      ['', 'n'],
      Object.entries<number>({ ...verdict.figures }).map(([name, figure]) => [name, figure]),
    ),
  );
  return verdict;
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'rollcall-prove-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function onlyFile(dir: string): Promise<string> {
  const [folder = ''] = await readdir(dir);
  const files = await readdir(join(dir, folder));
  return join(dir, folder, files.find((file) => file.endsWith('.snapshot')) ?? '');
}

function damaged(files: number, random: () => number): Promise<SnapshotEvent[]> {
  return inFolder(async (dir) => {
    const store = new SnapshotStore(dir, systemClock);
    await store.save(key, 1, instancesOf(1));
    const path = await onlyFile(dir);
    const older = await readFile(path);
    await store.save(key, 2, instancesOf(2));
    const bytes = await readFile(path);
    const read = () =>
      store.load(key).then(
        (saved) => (saved === undefined ? 'refused' : 'served'),
        () => 'threw',
      );
    const sound = { files: 0, served: 0 };
    const damage = async (kind: Damage, make: () => Buffer): Promise<SnapshotEvent> => {
      const counts = { served: 0, threw: 0, controlServed: 0 };
      for (let file = 0; file < files; file += 1) {
        const made = make();
        await writeFile(path, made);
        const outcome = await read();
        if (outcome !== 'refused') counts[outcome === 'served' ? 'served' : 'threw'] += 1;
        if (controlReads(made)) counts.controlServed += 1;
        if (file % SOUND_EVERY > 0) continue;
        await writeFile(path, bytes);
        sound.files += 1;
        if ((await read()) === 'served') sound.served += 1;
      }
      return { event: 'damaged', damage: kind, files, ...counts };
    };
    const flips = await damage('bit flip', () => {
      const made = Buffer.from(bytes);
      const bit = Math.floor(random() * bytes.length * 8);
      made[bit >> 3]! ^= 1 << (bit & 7);
      return made;
    });
    // The beginning of the new file, then zeros as after a power loss, nothing at all, or the rest of the older one.
    const torn = await damage('torn write', () => {
      const cut = Math.floor(random() * (bytes.length - 1));
      const rest = [Buffer.alloc(bytes.length - cut), Buffer.alloc(0), older.subarray(cut)][Math.floor(random() * 3)]!;
      const made = Buffer.concat([bytes.subarray(0, cut), rest]);
      // Where the two files are alike, the mixture is one of them as a whole.
      return made.equals(older) || made.equals(bytes) ? bytes.subarray(0, cut) : made;
    });
    return [flips, torn, { event: 'intact', ...sound }];
  });
}

/** What a reader would serve that believes whatever can be parsed. */
function controlReads(bytes: Buffer): boolean {
  try {
    const body = JSON.parse(bytes.subarray(bytes.indexOf('\n') + 1).toString()) as { instances?: unknown };
    return Array.isArray(body.instances);
  } catch {
    return false;
  }
}

async function killed(kills: number, random: () => number): Promise<SnapshotEvent> {
  const counts = { whole: 0, strange: 0, drafts: 0 };
  for (let kill = 0; kill < kills; kill += 1) {
    await inFolder(async (dir) => {
      const writer = forkService(new URL('writer.ts', import.meta.url), { words: [dir] });
      await every(
        5,
        () => Promise.resolve(),
        () => writer.messages.length > 0,
        STARTED_WITHIN_MS,
      );
      await pause(random() * LONGEST_WRITING_MS);
      await writer.kill();
      const [folder = ''] = await readdir(dir);
      if ((await readdir(join(dir, folder))).length > 1) counts.drafts += 1;
      const saved = await new SnapshotStore(dir, systemClock).load(key);
      if (saved === undefined) return;
      counts[isWhole(saved) ? 'whole' : 'strange'] += 1;
    });
  }
  return { event: 'killed', kills, ...counts };
}

/** In a namespace of its own a process may mount a small disk without any right. */
function fullDisk(): Promise<SnapshotEvent> {
  return inFolder(async (dir) => {
    const script = fileURLToPath(new URL('full-disk.ts', import.meta.url));
    const command = `mount -t tmpfs -o size=${DISK} tmpfs "$0" && exec "$@" "$0"`;
    const child = spawn(
      'unshare',
      ['--user', '--map-root-user', '--mount', 'sh', '-c', command, dir, process.execPath, '--import', 'tsx', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return {
      event: 'full disk',
      failedSaves: 0,
      code: undefined,
      lookups: 0,
      wrongLookups: 0,
      oldServed: false,
      savedLater: false,
      ...(JSON.parse(output.trim().split('\n').at(-1) || '{}') as object),
      exitCode,
    };
  });
}
