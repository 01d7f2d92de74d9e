const CR = 0x0d;
/** Far longer than the length of anything that is taken. */
const LONGEST_HEAD = 32;
/** Types whose text follows in so many bytes, and types of which so many elements follow, as in RESP2 and RESP3. */
const TEXTS = '$=!';
const LISTS = '*~>%|';

/**
 * Counts the elements that replies announce, before the client reads them: it reserves memory for all of them at once,
 * so that a reply of ten bytes would take hundreds of megabytes.
 */
export class AnnouncedElements {
  #head = '';
  /** Bytes of a text that are still to come. */
  #skip = 0;
  count = 0;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const end = chunk.indexOf(CR, at);
      const until = end < 0 ? chunk.length : end;
      this.#head += chunk.toString('latin1', at, Math.min(until, at + LONGEST_HEAD));
      at = until + 1;
      if (end >= 0) this.#readHead();
    }
  }

  #readHead(): void {
    const [type = '', ...digits] = this.#head.trimStart();
    const length = Number(digits.join(''));
    this.#head = '';
    if (!(length > 0)) return;
    if (LISTS.includes(type)) this.count += length;
    // With the line break before it and the one after it.
    else if (TEXTS.includes(type)) this.#skip = length + 3;
  }
}
