import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const css = readFileSync(join(import.meta.dirname, "../src/styles/tokens.css"), "utf8");

/** The colours of each `:root…{}` block, by the block's selector. */
function blocks(): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  for (const [, selector, body] of css.matchAll(/(:root[^{]*?)\s*\{([^}]*)\}/g)) {
    const colours = [...(body ?? "").matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)];
    if (colours.length > 0)
      found.set(selector!, Object.fromEntries(colours.map(([, name, value]) => [name!, value!])));
  }
  return found;
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

const TEXT = [
  ...["ground", "surface", "sunken"].flatMap((on) => [
    ["text", on],
    ["quiet", on],
  ]),
  ...["ground", "surface"].flatMap((on) =>
    ["accent", "call", "end", "warn"].map((colour) => [colour, on]),
  ),
  ["on-accent", "accent"],
  ["on-call", "call"],
  ["on-end", "end"],
  ["accent", "accent-soft"],
  ["end", "end-soft"],
  ["warn", "warn-soft"],
];

test.each([...blocks()])("text is readable in %s", (_, colours) => {
  for (const [colour, on] of TEXT)
    expect(contrast(colours[colour!]!, colours[on!]!), `${colour} on ${on}`).toBeGreaterThanOrEqual(
      4.5,
    );
});

test.each([...blocks()])("controls stand out in %s", (_, colours) => {
  for (const on of ["ground", "surface"])
    expect(contrast(colours["edge"]!, colours[on]!), `edge on ${on}`).toBeGreaterThanOrEqual(3);
});

test("dark by the system and dark by choice are the same", () => {
  const dark = blocks();
  expect(dark.get(':root[data-theme="dark"]')).toEqual(dark.get(':root:not([data-theme="light"])'));
});
