// The only door between the window and the core. Nothing outside this folder imports `@tauri-apps/*`.
import type { AppState, Problem, commands } from "./bindings";

export type { AppState, CallView, EndReason, Problem, User } from "./bindings";

export type Commands = typeof commands;

/** What a command answers with. */
export type Answer<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>;

export type Region = Answer<"regions">[number];
export type PhonePreview = Answer<"phonePreview">;
export type DialPreview = Answer<"dialPreview">;
export type Lookup = Answer<"lookup">;
export type AudioDevice = Answer<"devices">[number];

export interface Backend {
  commands: Commands;
  /** Calls back with every whole snapshot from now on; returns how to stop. */
  onState(callback: (state: AppState) => void): Promise<() => void>;
}

/** The core behind this window; in a plain browser during development, an in-memory stand-in. */
export async function connect(): Promise<Backend> {
  if (import.meta.env.DEV && !("__TAURI_INTERNALS__" in window)) {
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
    const { code, message } = thrown as Record<string, unknown>;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  }
  return { code: "INTERNAL", message: typeof thrown === "string" ? thrown : "" };
}
