// Every word that the window says stands in a message file; the keys are checked by the compiler.
import { MESSAGES, speech, type MessageKey } from "./language.svelte";
import type { Problem } from "../backend";

export type { MessageKey };

type Values = Record<string, string | number>;

/** Messages of which there are as many as a language has numbers: `one` and `other`. */
type CountedKey = MessageKey extends infer Key
  ? Key extends `${infer Stem}.other`
    ? Stem
    : never
  : never;

/** The message, its `{names}` filled in. */
export function t(key: MessageKey, values: Values = {}): string {
  return fill(MESSAGES[speech.now][key] ?? MESSAGES.en[key] ?? key, values);
}

/** The message for so many of something, which is its `{count}`. */
export function counted(key: CountedKey, count: number, values: Values = {}): string {
  const form = `${key}.${new Intl.PluralRules(speech.locale).select(count)}`;
  return t(has(form) ? form : `${key}.other`, { count: number(count), ...values });
}

/** A time to wait, as people say it: `40 s`, `3 minutes`, `2 hours`. */
export function inWords(seconds: number): string {
  if (seconds <= 90) return counted("time.seconds", seconds);
  if (seconds <= 5400) return counted("time.minutes", Math.ceil(seconds / 60));
  return counted("time.hours", Math.ceil(seconds / 3600));
}

/** A number as people write it, with so many digits behind the point. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(speech.locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** Whether there is a message of that key: for keys made of codes that the core sends. */
export function has(key: string): key is MessageKey {
  return Object.hasOwn(MESSAGES.en, key);
}

/**
 * A problem in our own words where we have them for its code, else in the core's, which are English. `about` names what
 * it is about where the same code needs other words for it.
 */
export function sentenceOf(problem: Problem, about?: "id"): string {
  if (problem.code === "RATE_LIMITED" && problem.retryAfter)
    return t("problem.RATE_LIMITED.after", { time: inWords(problem.retryAfter) });
  for (const key of [`problem.${problem.code}.${about}`, `problem.${problem.code}`])
    if (has(key)) return t(key);
  return problem.message || t("problem.INTERNAL");
}

/** Why a call ended; `peer` is the name of the other one, if it is known. */
export function endOf(reason: { code: string; sentence: string }, peer: string | null): string {
  const key = `end.${reason.code}`;
  if (!has(key)) return reason.sentence;
  const sentence = t(key, { peer: peer ?? t("end.somebody") });
  return sentence.charAt(0).toLocaleUpperCase(speech.locale) + sentence.slice(1);
}

function fill(message: string, values: Values): string {
  return message.replace(/\{(\w+)\}/g, (hole, name: string) =>
    name in values ? String(values[name]) : hole,
  );
}
