import { flags } from "./ui/tools/flags.ts";
import { head } from "./ui/tools/head.ts";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: "ui",
  // Relative, so that the built page works wherever the shell serves it from.
  base: "./",
  plugins: [head(), flags(), svelte({ configFile: "../svelte.config.js" }), svelteTesting()],
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: "127.0.0.1" },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    // The window, and the small one of a call that comes in.
    rolldownOptions: { input: ["ui/index.html", "ui/ring.html"] },
    // WebKitGTK 2.40, WKWebView of macOS 12, WebView2.
    target: ["es2021", "safari15"],
    cssTarget: "safari15",
    // Nothing as a data: address, so that the content policy could forbid them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    // An audit of a long page takes seconds where everything else is busy too, and says nothing by that.
    testTimeout: 30_000,
  },
});
