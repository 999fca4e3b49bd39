// Names of countries in the reader's language, from the system's own tables.
import { speech } from "./language.svelte";
import others from "./other-names.json";

/** What names and orders countries, for who reads these languages. */
class Names {
  readonly region: Intl.DisplayNames;
  readonly collator: Intl.Collator;

  constructor(readonly languages: string[]) {
    this.region = new Intl.DisplayNames(languages, { type: "region", fallback: "code" });
    this.collator = new Intl.Collator(languages);
  }

  of(code: string): string {
    try {
      return this.region.of(code) ?? code;
    } catch {
      return code;
    }
  }
}

const english = new Names(["en"]);
let made = english;

function names(): Names {
  const { read } = speech;
  if (read.join() !== made.languages.slice(0, -1).join()) made = new Names([...read, "en"]);
  return made;
}

/** The language that the names are in, for a screen reader to pronounce them. */
export function nameLanguage(): string {
  return names().languages[0] ?? "en";
}

/** The name of a region by its ISO 3166-1 alpha-2 code; the code itself where there is no name. */
export function regionName(code: string): string {
  return names().of(code);
}

/** Other names that people look for it by: the English one, former and short ones. */
export function otherNames(code: string): string[] {
  return [english.of(code), ...((others as Record<string, string[]>)[code] ?? [])];
}

/** Which of two names comes first in the reader's language. */
export function byName(one: string, other: string): number {
  return names().collator.compare(one, other);
}
