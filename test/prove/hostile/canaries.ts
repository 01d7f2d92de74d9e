/** Looks for secrets in whatever a process puts out. */
export class Canaries {
  readonly #forms = new Map<string, string>();

  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [name, secret] of Object.entries(secrets)) this.add(name, secret);
  }

  /** In plain, JSON-escaped, percent-encoded, and in base64. */
  add(name: string, secret: string): void {
    // The first form of a text counts: most secrets look alike in some of them.
    const forms: readonly (readonly [form: string, said: string])[] = [
      [secret, name],
      [JSON.stringify(secret).slice(1, -1), `${name}, JSON-escaped`],
      [encodeURIComponent(secret), `${name}, percent-encoded`],
      [Buffer.from(secret).toString('base64').replace(/=+$/, ''), `${name}, in base64`],
    ];
    for (const [form, said] of forms) if (!this.#forms.has(form)) this.#forms.set(form, said);
  }

  /** The first secret in a text, and what is around it. */
  find(text: string): { readonly name: string; readonly around: string } | undefined {
    for (const [form, name] of this.#forms) {
      const at = text.indexOf(form);
      if (at >= 0) return { name, around: text.slice(Math.max(0, at - 300), at + form.length + 40) };
    }
    return undefined;
  }
}
