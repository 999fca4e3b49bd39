// Written by hand until `cargo xtask bindings` generates this file from Rust; the shape is the same.
import { invoke as __TAURI_INVOKE } from "@tauri-apps/api/core";
import * as __TAURI_EVENT from "@tauri-apps/api/event";

/** Commands */
export const commands = {
  state: () => __TAURI_INVOKE<AppState>("state"),
  register: (input: RegisterInput) => __TAURI_INVOKE<null>("register", { input }),
  signIn: (input: SignInInput) => __TAURI_INVOKE<null>("sign_in", { input }),
  signOut: () => __TAURI_INVOKE<null>("sign_out"),
  setServer: (url: string) => __TAURI_INVOKE<null>("set_server", { url }),
  regions: () => __TAURI_INVOKE<RegionInfo[]>("regions"),
  phonePreview: (text: string, country: string, caret: number) =>
    __TAURI_INVOKE<PhonePreview>("phone_preview", { text, country, caret }),
  phoneCheck: (text: string, country: string) =>
    __TAURI_INVOKE<PhoneCheck>("phone_check", { text, country }),
  phoneSave: (text: string, country: string) =>
    __TAURI_INVOKE<null>("phone_save", { text, country }),
  phoneRemove: () => __TAURI_INVOKE<null>("phone_remove"),
  phoneSkip: () => __TAURI_INVOKE<null>("phone_skip"),
  phoneNever: () => __TAURI_INVOKE<null>("phone_never"),
  phoneOpen: () => __TAURI_INVOKE<null>("phone_open"),
  dialPreview: (text: string, country: string, caret: number) =>
    __TAURI_INVOKE<DialPreview>("dial_preview", { text, country, caret }),
  lookup: (text: string, country: string) => __TAURI_INVOKE<Lookup>("lookup", { text, country }),
  dial: (input: DialInput) => __TAURI_INVOKE<string>("dial", { input }),
  accept: (callId: string) => __TAURI_INVOKE<null>("accept", { callId }),
  decline: (callId: string) => __TAURI_INVOKE<null>("decline", { callId }),
  hangUp: (callId: string) => __TAURI_INVOKE<null>("hang_up", { callId }),
  setMuted: (callId: string, muted: boolean) =>
    __TAURI_INVOKE<null>("set_muted", { callId, muted }),
  sendDigits: (callId: string, digits: string) =>
    __TAURI_INVOKE<null>("send_digits", { callId, digits }),
  dismissCall: (callId: string) => __TAURI_INVOKE<null>("dismiss_call", { callId }),
  devices: () => __TAURI_INVOKE<AudioDevice[]>("devices"),
  levels: () => __TAURI_INVOKE<AudioLevels>("levels"),
  setCountry: (code: string) => __TAURI_INVOKE<null>("set_country", { code }),
};

/** Events */
export const events = {
  stateChanged: {
    listen: (callback: (event: { payload: AppState }) => void) =>
      __TAURI_EVENT.listen<AppState>("state-changed", callback),
  },
};

/** Everything the window shows, whole, sent whenever something in it changes. */
export type AppState = {
  version: string;
  profile: string;
  connection: "connecting" | "online" | "offline";
  server: ServerState;
  session: SessionState;
  phone: PhoneState;
  call: CallView | null;
  /** The region (ISO 3166-1 alpha-2) that the dialler reads national numbers in. */
  country: string;
};

export type ServerState = {
  url: string;
  defaultRegion: string;
  verification: "off" | "log" | "twilio";
  twilioActive: boolean;
  /** The Care4W ID of the line that answers every call and plays back what it hears. */
  echoLine: string | null;
};

export type SessionState = {
  status: "unknown" | "signedOut" | "signedIn";
  user: User | null;
  notice: Problem | null;
};

export type User = { displayName: string; email: string; care4wId: string };

export type PhoneState = {
  /** International format, to be read by people. */
  number: string | null;
  /** E.164. */
  full: string | null;
  verified: boolean;
  known: boolean;
  promptOpen: boolean;
};

/** What a rejected command rejects with. */
export type Problem = { code: string; message: string };

export type CallView = {
  id: string;
  direction: "outgoing" | "incoming";
  state:
    | "dialing"
    | "ringing"
    | "incoming"
    | "connecting"
    | "connected"
    | "reconnecting"
    | "ended";
  peer: CallPeer;
  backend: "p2p" | "twilio";
  muted: boolean;
  /** Milliseconds since audio began to flow, at the time of the snapshot. */
  connectedForMs: number | null;
  /** Milliseconds from connected to ended, of a call that has ended. */
  durationMs: number | null;
  quality: CallQuality | null;
  reason: EndReason | null;
};

export type CallPeer = {
  name: string | null;
  /** A phone number or a Care4W ID. */
  detail: string;
};

export type CallQuality = { level: "good" | "fair" | "poor"; cause: string | null };

export type EndReason = { code: string; sentence: string };

export type RegisterInput = { email: string; password: string; displayName: string };

export type SignInInput = { email: string; password: string };

export type RegionInfo = { code: string; callingCode: number };

export type PhonePreview = {
  text: string;
  caret: number;
  country: string;
  state: "empty" | "invalid" | "possible";
  reason: Problem | null;
  full: string | null;
};

export type PhoneCheck = { available: boolean; message: string };

export type DialPreview = {
  text: string;
  caret: number;
  kind: "empty" | "incomplete" | "number" | "id";
  /** The region that a number is in. */
  detail: string | null;
  reason: Problem | null;
};

export type Lookup =
  | {
      status: "found";
      name: string;
      care4wId: string;
      region: string | null;
      confirm: boolean;
      isSelf: boolean;
    }
  | { status: "unknown" };

export type DialInput = { text: string; country: string; confirmed: boolean };

export type AudioDevice = {
  id: string;
  name: string;
  direction: "input" | "output";
  isDefault: boolean;
};

/** In dBFS, 0 at full scale. */
export type AudioLevels = { input: number; output: number };
