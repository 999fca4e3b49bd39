// Draws every icon size that tauri.conf.json lists from icons/icon.svg.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const KEEP = ["32x32.png", "128x128.png", "128x128@2x.png", "icon.icns", "icon.ico", "icon.png"];

const drawn = mkdtempSync(join(tmpdir(), "care4w-icons-"));
try {
  // The Tauri command also draws mobile sizes, which this app has no use for.
  const cli = join("node_modules", "@tauri-apps", "cli", "tauri.js");
  execFileSync(process.execPath, [cli, "icon", "icons/icon.svg", "-o", drawn], {
    stdio: "inherit",
  });
  mkdirSync("icons", { recursive: true });
  for (const name of KEEP) copyFileSync(join(drawn, name), join("icons", name));
} finally {
  rmSync(drawn, { recursive: true, force: true });
}
