// The only door between the window and the core. Nothing outside this folder imports `@tauri-apps/*`.
import type { Backend, Problem } from "./types";

export type * from "./types";

/** The core behind this window; in a plain browser during development, an in-memory stand-in. */
export async function connect(): Promise<Backend> {
  if (
    (import.meta.env.DEV || import.meta.env.MODE === "preview") &&
    !("__TAURI_INTERNALS__" in window)
  ) {
    const { previewFromHash } = await import("./preview");
    return previewFromHash();
  }
  const { commands, events } = await import("./bindings");
  return {
    commands,
    onState: (callback) => events.stateChanged.listen((event) => callback(event.payload)),
  };
}

/** Reads whatever a command rejected with; a rejection of an unknown shape gets the code `INTERNAL`. */
export function problemOf(thrown: unknown): Problem {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    const { code, message, retryAfter } = thrown as Record<string, unknown>;
    if (typeof code === "string" && typeof message === "string")
      return typeof retryAfter === "number" ? { code, message, retryAfter } : { code, message };
  }
  return { code: "INTERNAL", message: typeof thrown === "string" ? thrown : "" };
}
