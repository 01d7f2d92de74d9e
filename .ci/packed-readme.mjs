// npm ships the README of the root. `write` makes its links absolute before npm packs, `restore` puts the page back afterwards.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { absoluteLinks, baseOf } from './absolute-links.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}README.md`;
const kept = `${root}.cache/README.md`;

const steps = {
  write() {
    const markdown = readFileSync(page, 'utf8');
    mkdirSync(`${root}.cache`, { recursive: true });
    writeFileSync(kept, markdown);
    writeFileSync(page, absoluteLinks(markdown, baseOf(JSON.parse(readFileSync(`${root}package.json`, 'utf8')))));
  },
  restore() {
    renameSync(kept, page);
  },
};

const step = steps[process.argv[2]];
if (step === undefined) throw new Error('Usage: node .ci/packed-readme.mjs write|restore');
step();
