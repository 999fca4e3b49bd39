// The core's stand-in for a plain browser: `http://127.0.0.1:1420/#preview=incoming`. Never in the built app.
import type { AppState, BlockedPerson, CallView } from "./types";
import { LANGUAGES } from "../messages/language.svelte";
import { newCall, newCode, newRing, PreviewCore, verifying } from "./preview/core";

export {
  AMINA,
  CODE,
  ECHO_LINE,
  newCall,
  newCode,
  newRing,
  PreviewCore,
  verifying,
} from "./preview/core";
export { PASSWORD } from "./preview/identity";

const GOOD: CallView["quality"] = { level: "good", cause: null, side: null };
const call = (change: Partial<CallView>): Partial<AppState> => ({ call: newCall(change) });
const talking = (change: Partial<CallView>) =>
  call({ state: "connected", connectedForMs: 134_000, quality: GOOD, ...change });
const signedOut: AppState["session"] = { status: "signedOut", user: null, notice: null };
const noPhone = {
  ...{ number: null, full: null, verified: false, pending: null, code: null, lost: null },
  known: true,
  discoverableByPhone: "everyone",
} as const;
const proved = {
  ...noPhone,
  ...{ number: "+254 722 000 111", full: "+254722000111", verified: true, promptOpen: false },
};
const waiting = { ...noPhone, pending: "+254 712 345 678", promptOpen: true };
const incoming = {
  direction: "incoming",
  peer: { name: "Neema Mushi", detail: "care4w-NEE2345", care4wId: "care4w-NEE2345" },
} as const;

/** What can be looked at, by the name in the hash. */
export const SCENARIOS: Record<string, Partial<AppState>> = {
  starting: { session: { status: "unknown", user: null, notice: null } },
  "signed-out": { session: signedOut },
  revoked: {
    session: { ...signedOut, notice: { code: "SESSION_REVOKED", message: "" } },
  },
  prompt: { phone: { ...noPhone, promptOpen: true } },
  "prompt-verified": {
    server: verifying("twilio"),
    phone: { ...noPhone, promptOpen: true },
  },
  code: { server: verifying("twilio"), phone: { ...waiting, code: newCode() } },
  "code-log": { server: verifying("log"), phone: { ...waiting, code: newCode() } },
  lost: {
    server: verifying("log"),
    phone: { ...noPhone, lost: "+254 712 345 678", promptOpen: true },
  },
  "code-later": { server: verifying("twilio"), phone: waiting },
  "code-skipped": { server: verifying("twilio"), phone: { ...waiting, promptOpen: false } },
  phone: {},
  "no-number": { phone: { ...noPhone, promptOpen: false } },
  offline: { connection: "offline" },
  blocked: {},
  outgoing: call({ state: "ringing" }),
  "ring-offer": { server: { ...verifying("twilio"), twilioActive: true }, phone: proved },
  ring: { phone: proved, ring: newRing({ state: "ringingYou" }) },
  "ring-them": { phone: proved, ring: newRing({ state: "ringingThem" }) },
  "ring-connected": { phone: proved, ring: newRing({ state: "connected" }) },
  "ring-ended": {
    phone: proved,
    ring: newRing({
      state: "ended",
      reason: { code: "YOU_DID_NOT_ANSWER", sentence: "You didn't answer your phone." },
    }),
  },
  incoming: call({ ...incoming, state: "incoming" }),
  "incoming-stranger": call({
    direction: "incoming",
    state: "incoming",
    peer: { name: null, detail: "care4w-X4T9PPA", care4wId: "care4w-X4T9PPA" },
  }),
  connected: talking({}),
  poor: talking({ muted: true, quality: { level: "poor", cause: "LOSS", side: "here" } }),
  slow: talking({ quality: { level: "fair", cause: "HIGH_RTT", side: "there" } }),
  busy: talking({ quality: { level: "fair", cause: "CPU", side: "here" } }),
  silent: talking({ quality: { level: "poor", cause: "MICROPHONE_SILENT", side: "here" } }),
  held: talking({ held: true }),
  "held-by-peer": talking({ heldByPeer: true }),
  "held-by-both": talking({ held: true, heldByPeer: true }),
  digits: talking({ digits: "1234#" }),
  "muted-speaking": talking({ muted: true, speakingWhileMuted: true }),
  "device-lost": talking({
    notice: { code: "DEVICE_LOST", role: "microphone", device: "Built-in Microphone" },
  }),
  "long-name": talking({
    peer: {
      name: "Wolfeschlegelsteinhausenbergerdorff Constantine",
      detail: "care4w-LNGNAME",
      care4wId: "care4w-LNGNAME",
    },
    quality: { level: "fair", cause: "JITTER", side: "there" },
  }),
  reconnecting: call({ state: "reconnecting", connectedForMs: 60_000 }),
  ended: call({
    state: "ended",
    durationMs: 134_000,
    reason: { code: "HUNG_UP", sentence: "You hung up." },
  }),
  unanswered: call({
    state: "ended",
    reason: { code: "NO_ANSWER", sentence: "Daniel Otieno didn't answer." },
  }),
};

const BLOCKED: BlockedPerson[] = [
  { care4wId: "care4w-NEE2345", displayName: "Neema Mushi", blockedAt: "2026-11-20T08:00:00Z" },
  { care4wId: "care4w-X4T9PPA", displayName: null, blockedAt: "2026-09-02T21:30:00Z" },
  {
    care4wId: "care4w-LNGNAME",
    displayName: "Wolfeschlegelsteinhausenbergerdorff Constantine",
    blockedAt: "2025-01-31T12:00:00Z",
  },
];

export function previewFromHash(): PreviewCore {
  const asked = new URLSearchParams(location.hash.slice(1));
  const name = asked.get("preview") ?? "signed-out";
  const core = new PreviewCore(SCENARIOS[name] ?? {});
  core.live = true;
  const language = LANGUAGES.find((language) => language === asked.get("language"));
  if (language) core.spoken = { now: language, chosen: language, system: [language] };
  if (name === "blocked") core.blockedPeople = BLOCKED;
  core.delay = 60;
  Object.assign(window, { core });
  return core;
}
