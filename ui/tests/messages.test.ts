import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import en from "../src/messages/en.json";
import { has, sentenceOf, t } from "../src/messages";
import { clock } from "../src/messages/duration";

const SOURCES = join(import.meta.dirname, "../src");

function sources(): string[] {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(svelte|ts)$/.test(name))
    .map((name) => readFileSync(join(SOURCES, name), "utf8"));
}

test("every message that the window asks for is there", () => {
  for (const source of sources())
    for (const [, key] of source.matchAll(/\bt\(\s*"([^"]+)"/g))
      expect(has(key as string), `the message "${key}" is missing`).toBe(true);
});

test("every message that is there is used", () => {
  const all = sources().join("\n");
  for (const key of Object.keys(en)) {
    const madeOfCodes =
      /^(problem|tray\.|recents\.(outgoing|unanswered|incoming|missed|declined|elsewhere)$|quality|soundNotice|soundTest\.(microphone|speaker|network)|sound\.(echo|noise|gain)|stats\.path|call\.hold\.|sound\.(microphone|speaker|ringer)$|phone\.status|phone\.reason|country\.none\.|code\.status|call\.state|call\.insteadOf|settings\.(online|offline|connecting)|privacy\.(everyone|nobody)$)/;
    if (madeOfCodes.test(key)) continue;
    expect(all.includes(`"${key}"`), `nothing says "${key}"`).toBe(true);
  }
});

test("no message shouts or says oops", () => {
  for (const message of Object.values(en)) expect(message).not.toMatch(/!|oops/i);
});

test("a message's holes are filled in", () => {
  expect(t("call.panel", { peer: "Amina" })).toBe("Call with Amina");
});

test("a problem of a known code is said in our words, of an unknown one in the core's", () => {
  expect(sentenceOf({ code: "SELF", message: "self" })).toBe("That's you. Call somebody else.");
  expect(sentenceOf({ code: "NEW_ONE", message: "Something new." })).toBe("Something new.");
  expect(sentenceOf({ code: "NEW_ONE", message: "" })).toBe("Something went wrong. Try again.");
});

test("a duration reads like a clock", () => {
  expect(clock(0)).toBe("00:00");
  expect(clock(134_999)).toBe("02:14");
  expect(clock(3_725_000)).toBe("1:02:05");
});
