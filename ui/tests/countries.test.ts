import { afterEach, describe, expect, test } from "vitest";
import { REGIONS } from "../src/backend/preview/regions";
import { matching, named } from "../src/components/countries";
import { speech } from "../src/messages/language.svelte";
import { regionName } from "../src/messages/regions";

const first = (text: string, countries = named(REGIONS, [800, 878])) =>
  matching(countries, text)[0]?.code;

test.each([
  ["keny", "KE"],
  ["ke", "KE"],
  ["cote d", "CI"],
  ["cote divoire", "CI"],
  ["Côte d’Ivoire", "CI"],
  ["turkiye", "TR"],
  ["turkey", "TR"],
  ["aland", "AX"],
  ["trinidad and", "TT"],
  ["guinea bissau", "GW"],
  ["saint lucia", "LC"],
  ["uk", "GB"],
])("a country is found by %s", (typed, code) => expect(first(typed)).toBe(code));

test.each([
  ["+254", "KE"],
  ["254", "KE"],
  ["00254", "KE"],
  ["+254 712", "KE"],
  ["٢٥٤", "KE"],
  ["+44", "GB"],
  ["1", "US"],
  ["800", "+800"],
  ["+878", "+878"],
])("the calling code %s finds its country, the one that leads it first", (typed, code) =>
  expect(first(typed)).toBe(code),
);

test("the empty search shows everything by name, codes of no country last", () => {
  const all = matching(named(REGIONS, [800]), " ");
  expect(all).toHaveLength(REGIONS.length + 1);
  expect(all.at(-1)?.code).toBe("+800");
});

test("what is no country finds none", () => expect(matching(named(REGIONS), "zzz")).toEqual([]));

describe("in another language", () => {
  afterEach(() => speech.take(null, "en", ["en"]));

  test.each([
    ["fr-FR", "Allemagne"],
    ["sw-KE", "Ujerumani"],
    ["ar-EG", "ألمانيا"],
  ])("%s calls Germany %s and finds it by that and by its English name", (language, name) => {
    speech.take(null, "en", [language]);
    expect(regionName("DE")).toBe(name);
    expect(first(name)).toBe("DE");
    expect(first("germany")).toBe("DE");
  });

  test("what is no language is passed over", () => {
    speech.take(null, "en", ["C", "not_a_tag", "fr"]);
    expect(regionName("DE")).toBe("Allemagne");
  });
});
