import { expect, test } from "vitest";
import { REGIONS } from "../src/backend/preview/regions";
import { matching, named } from "../src/components/countries";

const countries = named(REGIONS);
const first = (text: string) => matching(countries, text)[0]?.code;

test("a country is found by its name", () => expect(first("keny")).toBe("KE"));
test("a country is found by its code", () => expect(first("ke")).toBe("KE"));
test("a country is found by its calling code, with or without a plus", () => {
  expect(first("+254")).toBe("KE");
  expect(first("254")).toBe("KE");
  expect(first("00254")).toBe("KE");
});
test("accents do not stand in the way", () => expect(first("cote d")).toBe("CI"));
test("the empty search shows every country by name", () => {
  expect(matching(countries, " ")).toHaveLength(REGIONS.length);
});
test("what is no country finds none", () => expect(matching(countries, "zzz")).toEqual([]));
