// What every page of the window begins with.
import type { HtmlTagDescriptor, Plugin } from "vite";

const meta = (attrs: HtmlTagDescriptor["attrs"]): HtmlTagDescriptor => ({ tag: "meta", attrs });

export function head(): Plugin {
  return {
    name: "head",
    transformIndexHtml: () =>
      [
        meta({ charset: "utf-8" }),
        meta({ name: "viewport", content: "width=device-width, initial-scale=1" }),
        meta({ name: "color-scheme", content: "light dark" }),
        { tag: "title", children: "Care4W" },
      ].map((tag) => ({ ...tag, injectTo: "head-prepend" })),
  };
}
