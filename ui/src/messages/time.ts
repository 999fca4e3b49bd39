// When something was, as people say it: the time today, the day this week, the date before.
const short = { timeStyle: "short" } as const;
const clockOf = new Intl.DateTimeFormat(undefined, short);
const dayOf = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dateOf = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longAgo = new Intl.DateTimeFormat(undefined, { dateStyle: "short" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

const DAY_MS = 86_400_000;

/** `14:05` of today, `Mon` of the six days before, `3 Nov` of this year, `03/11/2025` of others. */
export function when(at: Date, now: Date): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const age = midnight - at.getTime();
  if (age <= 0) return clockOf.format(at);
  if (age < 6 * DAY_MS) return dayOf.format(at);
  return at.getFullYear() === now.getFullYear() ? dateOf.format(at) : longAgo.format(at);
}

/** Day and time, whole: for who points at the short form. */
export function whenInFull(at: Date): string {
  return whole.format(at);
}
