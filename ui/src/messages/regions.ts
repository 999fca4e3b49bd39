// Names of countries in the reader's language, from the system's own tables.
const names = new Intl.DisplayNames(undefined, { type: "region", fallback: "code" });

/** The name of a region by its ISO 3166-1 alpha-2 code; the code itself where there is no name. */
export function regionName(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
