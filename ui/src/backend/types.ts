// What the window and the core say to each other, and who carries it: the core itself or its stand-in.
import type { AppState, commands } from "./bindings";

export type {
  AppState,
  BlockedPerson,
  CallStats,
  CallView,
  Discoverable,
  EndReason,
  HistoryCall,
  KnownPeer,
  Problem,
  RingView,
  SoundChange,
  SoundTest,
  User,
} from "./bindings";

/** What is chosen about the sound: the core always sends all of it. */
export type SoundState = Required<AppState["sound"]>;

export type Commands = typeof commands;

/** What a command answers with. */
export type Answer<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>;

/** A country or territory with phone numbers. */
export type Region = Answer<"regions">[number] & { code: string };
export type PhonePreview = Answer<"phonePreview">;
export type DialPreview = Answer<"dialPreview">;
export type Lookup = Answer<"lookup">;
export type AudioDevice = Answer<"devices">[number];

export interface Backend {
  commands: Commands;
  /** Calls back with every whole snapshot from now on; returns how to stop. */
  onState(callback: (state: AppState) => void): Promise<() => void>;
}
