// A stand-in for the core's number rules: groups digits by three. Real formatting is the core's.
import { REGIONS, regionOfDigits } from "./regions";

export type Typed = {
  text: string;
  caret: number;
  region: string;
  national: string;
  withCountry: boolean;
};

/** Formats what was typed, and keeps the caret behind the same digit. */
export function typed(text: string, country: string, caret: number): Typed {
  const kept = (part: string) => part.replace(/[^\d+]/g, "").replace(/(?!^)\+/g, "");
  const clean = kept(text);
  const behind = kept(text.slice(0, caret)).length;
  const withCountry = clean.startsWith("+");
  const digits = clean.replace("+", "");
  const region = withCountry ? regionOfDigits(digits) : null;
  const national = withCountry ? digits.slice(String(region?.callingCode ?? "").length) : digits;
  const head = withCountry ? `+${digits.slice(0, digits.length - national.length)}` : "";
  const formatted = [head, group(national)].filter(Boolean).join(" ");
  return {
    text: formatted,
    caret: positionBehind(formatted, behind),
    region: region?.code ?? country,
    national: national.replace(/^0/, ""),
    withCountry,
  };
}

/** E.164 of a national number. */
export function full(national: string, country: string): string {
  const callingCode = REGIONS.find((r) => r.code === country)?.callingCode ?? 254;
  return `+${callingCode}${national}`;
}

/** "+254712345678" as "+254 712 345 678". */
export function international(number: string): string {
  return typed(number, "KE", number.length).text;
}

function group(national: string): string {
  const first = national.startsWith("0") ? 4 : 3;
  return [national.slice(0, first), ...(national.slice(first).match(/.{1,3}/g) ?? [])]
    .filter(Boolean)
    .join(" ");
}

function positionBehind(text: string, count: number): number {
  let seen = 0;
  for (let i = 0; i < text.length; i++) {
    if (seen === count) return i;
    if (text[i] !== " ") seen++;
  }
  return text.length;
}
