import type { Dice } from './dice.js';
import { Raw, wrongNumber, wrongText, wrongValue } from './values.js';

type Tree = unknown;
type Branch = Record<string, Tree> | Tree[];

const MOST_COPIES = 2_000;

/** The document with one to three things wrong in it; what is no JSON comes back as it is. */
export function mutateJson(dice: Dice, text: string): string {
  let tree: Tree;
  try {
    tree = JSON.parse(text);
  } catch {
    return text;
  }
  const holder = { tree };
  for (let left = 1 + dice.int(3); left > 0; left -= 1) mutateOnce(dice, holder);
  return stringify(holder.tree);
}

function mutateOnce(dice: Dice, holder: { tree: Tree }): void {
  const places = placesIn(holder);
  const { parent, key } = dice.pick(places);
  const branch = parent as Record<string, Tree>;
  const value = branch[key];
  switch (dice.weighted({ alike: 6, other: 4, gone: 2, renamed: 1, copied: 1, wrapped: 1, inner: 3 })) {
    case 'alike':
      branch[key] = alike(dice, value);
      return;
    case 'other':
      branch[key] = wrongValue(dice);
      return;
    case 'gone':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else Reflect.deleteProperty(branch, key);
      return;
    case 'renamed':
      if (!Array.isArray(parent) && parent !== (holder as unknown)) {
        Reflect.deleteProperty(branch, key);
        branch[wrongText(dice).slice(0, 100)] = value;
      }
      return;
    case 'copied':
      branch[key] = Array.from({ length: 1 + dice.int(MOST_COPIES) }, () => value);
      return;
    case 'wrapped':
      branch[key] = dice.chance(0.5) ? [value] : { [key]: value };
      return;
    case 'inner':
      branch[key] = typeof value === 'string' ? innerText(dice, value) : alike(dice, value);
  }
}

/** Of the same type where that makes sense. */
function alike(dice: Dice, value: Tree): Tree {
  if (typeof value === 'number') return wrongNumber(dice);
  if (typeof value === 'string') return wrongText(dice);
  if (typeof value === 'boolean') return !value;
  return wrongValue(dice);
}

/** A document within a text, plain or in base64, as etcd's gateway has them, is spoilt inside. */
function innerText(dice: Dice, text: string): string {
  if (text.startsWith('{')) return mutateJson(dice, text);
  const decoded = Buffer.from(text, 'base64').toString();
  if (decoded.startsWith('{')) return Buffer.from(mutateJson(dice, decoded)).toString('base64');
  return wrongText(dice);
}

function placesIn(holder: { tree: Tree }): { parent: Branch; key: string }[] {
  const places: { parent: Branch; key: string }[] = [];
  const visit = (parent: Branch, key: string) => {
    if (places.length > 500) return;
    places.push({ parent, key });
    const value = (parent as Record<string, Tree>)[key];
    if (typeof value !== 'object' || value === null || value instanceof Raw) return;
    for (const inner of Object.keys(value)) visit(value as Branch, inner);
  };
  visit(holder, 'tree');
  return places;
}

function stringify(tree: Tree): string {
  const raws: string[] = [];
  const text = JSON.stringify(tree, (_key, value: unknown) =>
    value instanceof Raw ? `\u0001raw${raws.push(value.text) - 1}\u0001` : value,
  ) as string | undefined;
  return (text ?? '').replace(/"\\u0001raw(\d+)\\u0001"/g, (_whole, index: string) => raws[Number(index)] ?? '');
}
