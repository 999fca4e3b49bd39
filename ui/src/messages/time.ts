// When something was, as people say it: the time today, the day this week, the date before.
import { speech } from "./language.svelte";

const DAY_MS = 86_400_000;

/** Making one costs more than using it: one of each, for the language of the moment. */
const made = new Map<string, Intl.DateTimeFormat>();

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
  const key = `${speech.locale} ${JSON.stringify(options)}`;
  let known = made.get(key);
  if (!known) made.set(key, (known = new Intl.DateTimeFormat(speech.locale, options)));
  return known.format(at);
}

/** `14:05` of today, `Mon` of the six days before, `3 Nov` of this year, `03/11/2025` of others. */
export function when(at: Date, now: Date): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const age = midnight - at.getTime();
  if (age <= 0) return format(at, { timeStyle: "short" });
  if (age < 6 * DAY_MS) return format(at, { weekday: "short" });
  return at.getFullYear() === now.getFullYear()
    ? format(at, { day: "numeric", month: "short" })
    : format(at, { dateStyle: "short" });
}

/** Day and time, whole: for who points at the short form. */
export function whenInFull(at: Date): string {
  return format(at, { dateStyle: "full", timeStyle: "short" });
}

/** The day, with its month and year. */
export function day(at: Date): string {
  return format(at, { dateStyle: "medium" });
}
