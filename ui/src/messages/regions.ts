// Names of countries in the reader's language, from the system's own tables.
import others from "./other-names.json";

let languages: string[] = ["en"];
let names = namesIn(languages);
let collator = new Intl.Collator(languages);
const english = namesIn(["en"]);

function namesIn(tongues: string[]): Intl.DisplayNames {
  return new Intl.DisplayNames(tongues, { type: "region", fallback: "code" });
}

/** Takes the languages of the reader, the most wanted first. What is no language is left out. */
export function speak(wanted: readonly string[]): void {
  const known = wanted.filter((tag) => {
    try {
      return Intl.DisplayNames.supportedLocalesOf([tag]).length > 0;
    } catch {
      return false;
    }
  });
  languages = [...known, "en"];
  names = namesIn(languages);
  collator = new Intl.Collator(languages);
}

/** The language that the names are in, for a screen reader to pronounce them. */
export function nameLanguage(): string {
  return languages[0] ?? "en";
}

/** The name of a region by its ISO 3166-1 alpha-2 code; the code itself where there is no name. */
export function regionName(code: string): string {
  return nameFrom(names, code);
}

/** Other names that people look for it by: the English one, former and short ones. */
export function otherNames(code: string): string[] {
  return [nameFrom(english, code), ...((others as Record<string, string[]>)[code] ?? [])];
}

/** Which of two names comes first in the reader's language. */
export function byName(one: string, other: string): number {
  return collator.compare(one, other);
}

function nameFrom(table: Intl.DisplayNames, code: string): string {
  try {
    return table.of(code) ?? code;
  } catch {
    return code;
  }
}
