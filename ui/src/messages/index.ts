// Every word that the window says stands in a message file; the keys are checked by the compiler.
import en from "./en.json";
import type { Problem } from "../backend";

export type MessageKey = keyof typeof en;

const messages: Record<string, string> = en;

/** The message, its `{names}` filled in. */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  return fill(messages[key] ?? key, values);
}

/** Whether there is a message of that key: for keys made of codes that the core sends. */
export function has(key: string): key is MessageKey {
  return Object.hasOwn(messages, key);
}

/**
 * A problem in our own words where we have them for its code, else in the core's. `about` names what it is about
 * where the same code needs other words for it.
 */
export function sentenceOf(problem: Problem, about?: "id"): string {
  for (const key of [`problem.${problem.code}.${about}`, `problem.${problem.code}`])
    if (has(key)) return t(key);
  return problem.message || t("problem.INTERNAL");
}

function fill(message: string, values: Record<string, string | number>): string {
  return message.replace(/\{(\w+)\}/g, (hole, name: string) =>
    name in values ? String(values[name]) : hole,
  );
}
