import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { afterEach, describe, expect, test } from "vitest";
import en from "../src/messages/en.json";
import { inWords, counted, endOf, has, number, sentenceOf, t } from "../src/messages";
import { clock } from "../src/messages/duration";
import { LANGUAGES, MESSAGES, speech, type Language } from "../src/messages/language.svelte";
import { when, whenInFull } from "../src/messages/time";

const SOURCES = join(import.meta.dirname, "../src");
const CRATES = join(import.meta.dirname, "../../crates");
const SHELL = join(import.meta.dirname, "../../src-tauri/src");

function files(folder: string, ending: RegExp): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name))
    .map((name) => [name, readFileSync(join(folder, name), "utf8")]);
}

const sources = () => files(SOURCES, /\.(svelte|ts)$/).map(([, source]) => source);

const speak = (language: Language, tag: string = language) => speech.take(null, language, [tag]);
afterEach(() => speech.take(null, "en", ["en-KE"]));

test("every message that the window asks for is there", () => {
  for (const source of sources())
    for (const [, key] of source.matchAll(/\bt\(\s*"([^"]+)"/g))
      expect(has(key as string), `the message "${key}" is missing`).toBe(true);
});

test("every message that is there is used", () => {
  const all = [...sources(), ...files(SHELL, /\.rs$/).map(([, source]) => source)].join("\n");
  for (const key of Object.keys(en)) {
    const madeOfCodes =
      /^(problem|end\.|recents\.(outgoing|unanswered|incoming|missed|declined|elsewhere)$|quality|soundNotice|soundTest\.(microphone|speaker|network|verdict)|sound\.(echo|noise|gain|dtx|lowDelay)|stats\.path|call\.hold\.|sound\.(microphone|speaker|ringer)$|phone\.status|phone\.reason|country\.none\.|code\.status|call\.state|call\.insteadOf|settings\.(online|offline|connecting)|privacy\.(everyone|nobody)$|diagnostics\.|shortcut\.|ring\.(state|end)\.)/;
    if (madeOfCodes.test(key)) continue;
    const counted = key.replace(/\.(one|other)$/, "");
    expect(all.includes(`"${key}"`) || all.includes(`"${counted}"`), `nothing says "${key}"`).toBe(
      true,
    );
  }
});

/** Attributes that somebody reads or hears. */
const SPOKEN = ["title", "alt", "placeholder", "label", "why", "hint", "confirm"];
/** Names and signs that are the same in every language. */
const NO_LANGUAGE = /^[^\p{L}]*$|^Care4W$|^care4w-…$/u;

/** Words that stand in a component's markup instead of a message file. */
function literals(name: string, source: string): string[] {
  const found: string[] = [];
  const note = (text: string) => {
    if (!NO_LANGUAGE.test(text.trim())) found.push(`${name}: ${text.trim()}`);
  };
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (typeof node !== "object" || node === null) return;
    const { type, name, value } = node as { type?: string; name?: string; value?: unknown };
    if (type === "StyleDirective") return;
    if (type === "Text") note((node as { data: string }).data);
    if (type === "Attribute") {
      const isSpoken = SPOKEN.includes(name ?? "") || /^aria-(label|description)$/.test(name ?? "");
      if (isSpoken && Array.isArray(value)) walk(value);
      return;
    }
    for (const [key, child] of Object.entries(node)) if (key !== "metadata") walk(child);
  };
  walk(parse(source, { modern: true }).fragment);
  return found;
}

test("no component holds words of its own", () => {
  expect(literals("a", '<p title="Hello">One {x}<b aria-label="Two"></b></p>')).toHaveLength(3);
  const found = files(SOURCES, /\.svelte$/).flatMap(([name, source]) => literals(name, source));
  expect(found).toEqual([]);
});

test("styles know beginning and end, not left and right", () => {
  const physical =
    /(?:^|[\s;{])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)[\w-]*|left|right|float|clear|border-(?:top|bottom)-(?:left|right)-radius)\s*:|text-align\s*:\s*(?:left|right)/m;
  expect("a { margin-left: 1px }").toMatch(physical);
  expect("a { margin-inline-start: 1px }").not.toMatch(physical);
  for (const [name, source] of files(SOURCES, /\.(svelte|css)$/)) {
    const styles = name.endsWith(".css") ? source : (source.split("<style>")[1] ?? "");
    expect(styles, name).not.toMatch(physical);
  }
});

describe.each(LANGUAGES)("the message file %s", (language) => {
  const messages = MESSAGES[language];
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();

  test("has the keys of the English one, in their order", () =>
    expect(Object.keys(messages)).toEqual(Object.keys(en)));

  test("has the same holes, and ends as the English one", () => {
    const end = (text: string) => /[.?…]$/.exec(text)?.[0];
    for (const [key, english] of Object.entries(en)) {
      const message = messages[key] ?? "";
      expect(holes(message), key).toEqual(holes(english));
      expect(end(message), key).toBe(end(english));
      expect(message.trim(), key).toBe(message);
      expect(message, key).not.toMatch(/^$|!|oops/i);
    }
  });

  test("has its own words", () => {
    if (language === "en") return;
    const same = Object.entries(en).filter(
      ([key, english]) =>
        messages[key] === english && /\p{L}{3}/u.test(english.replace(/\{\w+\}|Care4W/g, "")),
    );
    // "Volume", "Codec", "{count} minutes": a few words are the same.
    expect(same.map(([key]) => key).length).toBeLessThan(Object.keys(en).length / 30);
  });

  test("counts in every form that the language has", () => {
    const forms = new Set(
      Array.from({ length: 200 }, (_, n) => new Intl.PluralRules(language).select(n)),
    );
    const stems = Object.keys(en).filter((key) => key.endsWith(".other"));
    for (const stem of stems)
      for (const form of forms) expect(messages).toHaveProperty([stem.replace(/other$/, form)]);
  });
});

/** The codes that Rust sends to the window: of the ends of calls, of refused requests, of what else did not work. */
function codesOf(paths: string[], pattern: RegExp): string[] {
  const all = paths.map((path) => readFileSync(join(CRATES, path), "utf8")).join("\n");
  return [...all.matchAll(pattern)].map(([, code]) => code!);
}

test("every way a call can end has words", () => {
  const codes = codesOf(["calls/src/end_reason.rs"], /^ {4}\w+ = "([A-Z_]+)",/gm);
  expect(codes.length).toBeGreaterThan(20);
  for (const code of codes) expect(has(`end.${code}`), code).toBe(true);
});

test("every code that the core sends has words", () => {
  const ofServer = codesOf(["protocol/src/error.rs"], /^ {4}\w+ = "([A-Z_]+)", \d+;/gm);
  expect(ofServer.length).toBeGreaterThan(15);
  const errors = [
    ...["client/src/api.rs", "client/src/credentials.rs", "client/src/history/database.rs"],
    ...["client/src/store.rs", "client/src/server_url.rs", "phone/src/destination.rs"],
    ...["phone/src/number_error.rs", "phone/src/link.rs", "calls/src/line.rs"],
  ];
  const ofErrors = codesOf(errors, /=> "([A-Z][A-Z0-9_]+)"/g);
  expect(ofErrors.length).toBeGreaterThan(25);
  const rust = [...files(join(CRATES, "client/src"), /\.rs$/), ...files(SHELL, /\.rs$/)];
  const ofProblems = rust.flatMap(([, source]) =>
    [...source.matchAll(/Problem::new\(\s*"([A-Z][A-Z0-9_]+)"/g)].map(([, code]) => code!),
  );
  expect(ofProblems.length).toBeGreaterThan(8);
  const wordless = [...ofServer, ...ofErrors, ...ofProblems].filter(
    (code) => !has(`problem.${code}`),
  );
  expect(wordless).toEqual([]);
});

test("every verdict of the sound test has words", () => {
  const codes = codesOf(
    ["client/src/sound_test.rs", "client/src/network.rs"],
    /(?:verdict\((?:true|false), |\((?:true|false), |^ +)"([A-Z_]+)",/gm,
  );
  expect(codes.length).toBeGreaterThan(8);
  for (const code of codes)
    expect(
      ["", "microphone.", "speaker.", "network."].some((of) =>
        has(`soundTest.verdict.${of}${code}`),
      ),
      code,
    ).toBe(true);
});

test("a message's holes are filled in", () => {
  expect(t("call.panel", { peer: "Amina" })).toBe("Call with Amina");
});

test("a problem of a known code is said in our words, of an unknown one in the core's", () => {
  expect(sentenceOf({ code: "SELF", message: "self" })).toBe("That's you. Call somebody else.");
  expect(sentenceOf({ code: "NEW_ONE", message: "Something new." })).toBe("Something new.");
  expect(sentenceOf({ code: "NEW_ONE", message: "" })).toBe("Something went wrong. Try again.");
  expect(sentenceOf({ code: "RATE_LIMITED", message: "", retryAfter: 40 })).toMatch(/ 40 s\.$/);
});

test("the end of a call names the other one, in the language of the window", () => {
  const end = { code: "NO_ANSWER", sentence: "Amina didn't answer." };
  expect(endOf(end, "Amina")).toBe("Amina didn't answer.");
  expect(endOf(end, null)).toBe("The other person didn't answer.");
  speak("sw");
  expect(endOf(end, "Amina")).toBe("Amina hakujibu.");
  speak("fr");
  expect(endOf(end, null)).toBe("L'autre personne n'a pas répondu.");
  expect(endOf({ code: "NEW_ONE", sentence: "New." }, null)).toBe("New.");
});

test("a duration reads like a clock", () => {
  expect(clock(0)).toBe("00:00");
  expect(clock(134_999)).toBe("02:14");
  expect(clock(3_725_000)).toBe("1:02:05");
});

test("numbers, dates and times to wait are written as the language does", () => {
  const at = new Date(2026, 2, 5, 14, 5);
  // Spaces and commas differ from one version of the tables to the next.
  const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");
  const said = (language: Language, tag: string) => {
    speak(language, tag);
    const short = when(at, new Date(2026, 10, 23));
    return [number(1234.5, 1), counted("country.found", 0), inWords(120), short].map(plain);
  };
  expect(said("en", "en-GB")).toEqual(["1,234.5", "0 countries", "2 minutes", "5 Mar"]);
  expect(whenInFull(at)).toMatch(/^Thursday,? 5 March 2026/);
  expect(said("fr", "fr-FR")).toEqual(["1 234,5", "0 pays", "2 minutes", "5 mars"]);
  expect(whenInFull(at)).toMatch(/^jeudi 5 mars 2026/);
  expect(said("sw", "sw-KE").slice(1, 3)).toEqual(["Nchi 0", "dakika 2"]);
  expect(whenInFull(at)).toMatch(/^Alhamisi, 5 Machi 2026/);
});
