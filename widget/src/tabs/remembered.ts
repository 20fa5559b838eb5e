/** A word this tab keeps over reloads, and no other tab knows: each page of a CRM loads us anew. */

export class Remembered {
  constructor(private readonly key: string) {}

  get(): string | null {
    try {
      return sessionStorage.getItem(this.key);
    } catch {
      // Storage of a third-party frame may be blocked: then it lasts until the next page.
      return null;
    }
  }

  set(value: string | null): void {
    try {
      if (value === null) sessionStorage.removeItem(this.key);
      else sessionStorage.setItem(this.key, value);
    } catch {
      return;
    }
  }
}
