import type { Region } from "../backend";
import { regionName } from "../messages/regions";

export type Country = Region & { name: string };

const collator = new Intl.Collator();

/** The regions with their names in the reader's language, in that language's order. */
export function named(regions: Region[]): Country[] {
  return regions
    .map((region) => ({ ...region, name: regionName(region.code) }))
    .sort((a, b) => collator.compare(a.name, b.name));
}

/** Those whose name holds the text, or whose code or calling code begins with it; the closest first. */
export function matching(countries: Country[], text: string): Country[] {
  const sought = plain(text.trim());
  if (sought === "") return countries;
  const digits = sought.replace(/^(\+|00)/, "");
  if (/^\d+$/.test(digits))
    return countries
      .filter((c) => String(c.callingCode).startsWith(digits))
      .sort((a, b) => a.callingCode - b.callingCode || collator.compare(a.name, b.name));
  return countries
    .map((country) => ({ country, rank: rank(country, sought) }))
    .filter(({ rank }) => rank < 4)
    .sort((a, b) => a.rank - b.rank)
    .map(({ country }) => country);
}

function rank(country: Country, sought: string): number {
  const name = plain(country.name);
  if (name === sought) return 0;
  if (country.code.toLowerCase() === sought) return 1;
  if (name.startsWith(sought)) return 2;
  return name.includes(sought) ? 3 : 4;
}

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
