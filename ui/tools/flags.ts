// Serves the flags of country-flag-icons as `flags/KE.svg`, each a file of its own that is read when it is seen.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const HERE = dirname(fileURLToPath(import.meta.url));
const FLAGS = join(HERE, "../../node_modules/country-flag-icons/3x2");
const NAME = /^[A-Z]{2}\.svg$/;

export function flags(): Plugin {
  return {
    name: "flags",
    configureServer(server) {
      server.middlewares.use("/flags", (request, response, next) => {
        const name = (request.url ?? "").slice(1);
        if (!NAME.test(name) || !readdirSync(FLAGS).includes(name)) return next();
        response.setHeader("Content-Type", "image/svg+xml");
        response.end(readFileSync(join(FLAGS, name)));
      });
    },
    generateBundle() {
      for (const name of readdirSync(FLAGS).filter((name) => NAME.test(name)))
        this.emitFile({
          type: "asset",
          fileName: `flags/${name}`,
          source: readFileSync(join(FLAGS, name)),
        });
    },
  };
}
