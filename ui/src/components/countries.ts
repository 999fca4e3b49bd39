import type { Region } from "../backend";
import { has, t } from "../messages";
import { byName, otherNames, regionName } from "../messages/regions";
import { asciiDigits } from "../state/digits";

/** What can be chosen: a region by its two letters, or a calling code of no country by itself, such as `+800`. */
export type Country = { code: string; callingCode: number; leads: boolean; name: string };

type Sought = Country & { names: string[] };

/** The regions with their names in the reader's language, in that language's order; then the codes of no country. */
export function named(regions: Region[], codesOfNoCountry: number[] = []): Country[] {
  const countries: Sought[] = regions.map((region) => {
    const name = regionName(region.code);
    return { ...region, name, names: [name, ...otherNames(region.code)].map(plain) };
  });
  countries.sort((a, b) => byName(a.name, b.name));
  const others: Sought[] = codesOfNoCountry.map((callingCode) => {
    const name = nameOfNoCountry(callingCode);
    return { code: `+${callingCode}`, callingCode, leads: true, name, names: [plain(name)] };
  });
  return [...countries, ...others];
}

/** What a calling code of no country is for. */
export function nameOfNoCountry(callingCode: number): string {
  const key = `country.none.${callingCode}`;
  return has(key) ? t(key) : t("country.noCountry");
}

/**
 * Those that somebody may mean who types this: part of a name in the reader's language or in English, with or without
 * its accents, the two letters, or the calling code. The closest first.
 */
export function matching(countries: Country[], text: string): Country[] {
  const typed = asciiDigits(text).trim();
  const digits = typed.replace(/^(\+|00)/, "").replace(/[\s()-]/g, "");
  if (typed === "") return countries;
  if (/^\+?\d*$/.test(typed.replace(/[\s()-]/g, ""))) return byCallingCode(countries, digits);
  const sought = plain(typed);
  return (countries as Sought[])
    .map((country) => ({ country, rank: rank(country, sought) }))
    .filter(({ rank }) => rank < FAR)
    .sort((a, b) => a.rank - b.rank)
    .map(({ country }) => country);
}

function byCallingCode(countries: Country[], digits: string): Country[] {
  let found = countries.filter((c) => String(c.callingCode).startsWith(digits));
  // More digits than a calling code has: a number is being typed, whose country they begin with.
  if (found.length === 0) found = countries.filter((c) => digits.startsWith(String(c.callingCode)));
  const exact = (c: Country) => (String(c.callingCode) === digits ? 0 : 1);
  return found.sort(
    (a, b) =>
      exact(a) - exact(b) ||
      a.callingCode - b.callingCode ||
      Number(b.leads) - Number(a.leads) ||
      byName(a.name, b.name),
  );
}

const FAR = 6;

function rank(country: Sought, sought: string): number {
  const [name = "", ...others] = country.names;
  if (name === sought) return 0;
  if (country.code.toLowerCase() === sought) return 1;
  if (others.includes(sought)) return 1;
  if (name.startsWith(sought)) return 2;
  if (others.some((other) => other.startsWith(sought))) return 3;
  if (country.names.some((one) => one.includes(` ${sought}`))) return 4;
  return country.names.some((one) => one.includes(sought)) ? 5 : FAR;
}

/** Letters that are not an accent away from the one that people type for them. */
const LETTERS: Record<string, string> = {
  ...{ ø: "o", ł: "l", đ: "d", ð: "d", ı: "i", æ: "ae", œ: "oe", ß: "ss", þ: "th", "&": " and " },
};

/** Without accents, apostrophes, hyphens and capitals. */
export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[øłđðıæœßþ&]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/['’‘ʻ`´.]/g, "")
    .replace(/[^\p{L}\p{N}+]+/gu, " ")
    .replace(/\bst /g, "saint ")
    .trim();
}
