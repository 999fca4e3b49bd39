// An in-memory core: enough behaviour to look at every screen and to test the window's own.
import type {
  AppState,
  Backend,
  BlockedPerson,
  Answer,
  CallStats,
  CallView,
  Commands,
  HistoryCall,
  Problem,
  RingView,
  User,
} from "../types";
import { desktop, UPDATES } from "./desktop";
import { full, international, typed } from "./digits";
import { history, kept, listState } from "./history";
import { identity } from "./identity";
import { REGIONS } from "./regions";
import { sound, STATS } from "./sound";

export const ECHO_LINE = "care4w-ECHO234";
export const AMINA: User = {
  displayName: "Amina Wanjiru",
  email: "amina@example.org",
  care4wId: "care4w-K7MX2QP",
};

type Person = { name: string; care4wId: string; full: string | null };

const PEOPLE: Person[] = [
  { name: "Daniel Otieno", care4wId: "care4w-DNL2345", full: "+254712345678" },
  { name: "Neema Mushi", care4wId: "care4w-NEE2345", full: "+255754321987" },
  { name: "Echo line", care4wId: ECHO_LINE, full: null },
];
const TAKEN = "+254700000000";
/** Somebody has it and never proved it. */
const CLAIMABLE = "+254700000001";
/** The code that the stand-in sends. */
export const CODE = "314159";

export class PreviewCore implements Backend {
  readonly commands: Commands;
  current: AppState;
  blockedPeople: BlockedPerson[] = [];
  calls: HistoryCall[] = [];
  spoken: Answer<"language"> = { now: "en", chosen: null, system: ["en-KE"] };
  shortcutState: Answer<"shortcut"> = {
    ...{ source: "selection", on: false, keys: "Control+Alt+KeyP", problem: null },
  };
  updatesState = UPDATES;
  desktopState: Answer<"desktop"> = { tray: true, closeToTray: true, startAtLogin: false };
  /** How long an answer takes, in milliseconds. */
  delay = 0;
  /** Commands that shall fail, and how. */
  failing: Partial<Record<keyof Commands, Problem>> = {};
  /** Each command that was called, with its arguments. */
  readonly asked: [keyof Commands, unknown[]][] = [];
  /** The figures of the call. */
  stats: CallStats | null = STATS;
  /** Whether calls go on by themselves from dialling to connected. */
  live = false;
  private readonly listeners = new Set<(state: AppState) => void>();

  constructor(state: Partial<AppState> = {}) {
    this.current = { ...emptyState(), ...state };
    this.commands = this.watched(this.answers());
  }

  onState(callback: (state: AppState) => void): Promise<() => void> {
    this.listeners.add(callback);
    return Promise.resolve(() => this.listeners.delete(callback));
  }

  /** Changes the state and sends the snapshot. */
  set(change: Partial<AppState>): void {
    const { call } = change;
    if (call?.state === "ended" && !this.calls.some((known) => known.id === call.id)) {
      this.calls = [kept(call), ...this.calls];
      change = { ...change, history: listState(this.calls, this.current) };
    }
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener(structuredClone(this.current));
  }

  setCall(change: Partial<CallView>): void {
    if (this.current.call) this.set({ call: { ...this.current.call, ...change } });
  }

  setRing(change: Partial<RingView>): void {
    if (this.current.ring) this.set({ ring: { ...this.current.ring, ...change } });
  }

  private answers(): Commands {
    const done = () => Promise.resolve(null);
    const signedIn = (user: User) => {
      const phone = { ...this.current.phone, known: true, promptOpen: true };
      this.set({ session: { status: "signedIn", user, notice: null }, phone });
      return done();
    };
    const phone = (change: Partial<AppState["phone"]>) => {
      this.set({ phone: { ...this.current.phone, ...change } });
      return done();
    };
    const quietly = async (change: Partial<AppState["phone"]>) => {
      await phone(change);
    };
    return {
      ...desktop(this),
      ...history(this),
      ...identity(this),
      ...sound(this),
      state: () => Promise.resolve(structuredClone(this.current)),
      register: ({ email, displayName }) => signedIn({ ...AMINA, email, displayName }),
      signIn: ({ email }) => signedIn({ ...AMINA, email }),
      signOut: () => {
        this.set({ session: { status: "signedOut", user: null, notice: null }, call: null });
        return done();
      },
      setServer: (url) => {
        this.set({ server: { ...this.current.server, url } });
        return done();
      },
      regions: () => Promise.resolve([...REGIONS, { code: null, callingCode: 800, leads: true }]),
      language: () => Promise.resolve({ ...this.spoken }),
      setLanguage: (chosen) => {
        this.spoken = { ...this.spoken, chosen, now: chosen ?? "en" };
        return Promise.resolve({ ...this.spoken });
      },
      phonePreview: (text, country, caret) => {
        const number = typed(text, country, caret);
        const possible = number.national.length >= 9 && number.national.length <= 12;
        return Promise.resolve({
          text: number.text,
          caret: number.caret,
          country: number.region,
          state: number.text === "" ? "empty" : possible ? "possible" : "invalid",
          reason:
            possible || number.text === ""
              ? null
              : { code: "TOO_SHORT", message: "The number is too short so far." },
          full: possible ? full(number.national, number.region) : null,
        });
      },
      phoneCheck: (text, country) => {
        const number = typed(text, country, 0);
        const e164 = full(number.national, number.region);
        const claimable = this.current.server.verification !== "off" && e164 === CLAIMABLE;
        return Promise.resolve({ available: e164 !== TAKEN, claimable, message: "" });
      },
      phoneSave: (text, country) => {
        const number = typed(text, country, 0);
        const e164 = full(number.national, number.region);
        if (this.current.server.verification !== "off")
          return phone({ pending: international(e164), code: newCode() });
        return phone({ number: international(e164), full: e164, promptOpen: false });
      },
      phoneVerify: (code) => {
        if (code !== CODE) return Promise.reject<null>({ code: "INVALID_CODE", message: "" });
        const number = this.current.phone.pending;
        const e164 = number?.replaceAll(" ", "") ?? null;
        return phone({
          ...{ number, full: e164, verified: true },
          ...{ pending: null, code: null, promptOpen: false },
        });
      },
      phoneResend: () => phone({ code: newCode() }),
      phoneRemove: () => phone({ number: null, full: null, pending: null, code: null }),
      phoneSkip: () => quietly({ promptOpen: false }),
      phoneNever: () => quietly({ promptOpen: false }),
      takeDestination: () => {
        this.set({ destination: null });
        return Promise.resolve();
      },
      phoneOpen: () => quietly({ promptOpen: true }),
      dialPreview: (text, country, caret) => {
        if (/[a-z]/i.test(text)) {
          const kind = /^care4w-[a-z0-9]{4,16}$/i.test(text) ? "id" : "incomplete";
          return Promise.resolve({ text, caret, kind, detail: null, reason: null });
        }
        const number = typed(text, country, caret);
        const kind =
          number.text === "" ? "empty" : number.national.length >= 9 ? "number" : "incomplete";
        const detail = number.withCountry || kind === "number" ? number.region : null;
        return Promise.resolve({
          text: number.text,
          caret: number.caret,
          kind,
          detail,
          reason: null,
        });
      },
      lookup: (text, country) => {
        const found = this.find(text, country);
        if (!found) return Promise.resolve({ status: "unknown" });
        return Promise.resolve({
          status: "found",
          name: found.name,
          care4wId: found.care4wId,
          region: found.full ? typed(found.full, country, 0).region : null,
          confirm: isAbroad(found, text, country),
          isSelf: false,
        });
      },
      dial: ({ text, country, confirmed }) => {
        const found = this.find(text, country);
        if (!found) return Promise.reject<string>({ code: "NOT_FOUND", message: "" });
        if (!confirmed && isAbroad(found, text, country))
          return Promise.reject<string>({ code: "CONFIRM_OTHER_COUNTRY", message: "" });
        const detail = /^care4w-/i.test(text) ? found.care4wId : international(found.full ?? "");
        const call = newCall({ peer: { name: found.name, detail, care4wId: found.care4wId } });
        this.set({ call });
        if (this.live) this.goOn(call.id);
        return Promise.resolve(call.id);
      },
      ringMyPhone: (text, country) => {
        const found = this.find(text, country);
        const number = typed(text, country, 0);
        const detail = international(full(number.national, number.region));
        const peer = { name: found?.name ?? null, detail, care4wId: found?.care4wId ?? null };
        this.set({ ring: newRing({ peer }) });
        return done();
      },
      ringCancel: () => {
        this.setRing({ state: "ended", reason: { code: "CANCELLED", sentence: "" } });
        return done();
      },
      ringDismiss: () => {
        this.set({ ring: null });
        return done();
      },
      accept: () => {
        this.setCall({ state: "connected", connectedForMs: 0, quality: GOOD });
        return done();
      },
      decline: () => this.end("DECLINED", "You declined the call."),
      hangUp: () => this.end("HUNG_UP", "You hung up."),
      setMuted: (_id, muted) => {
        this.setCall({ muted });
        return done();
      },
      callHold: (_id, held) => {
        this.setCall({ held });
        return done();
      },
      sendDigits: (_id, digits) => {
        this.setCall({ digits: (this.current.call?.digits ?? "") + digits });
        return done();
      },
      dismissCall: () => {
        this.set({ call: null });
        return done();
      },
      setCountry: (country) => {
        this.set({ country });
        return done();
      },
    };
  }

  /** Notes each command, lets it fail when it shall, and takes its time. */
  private watched(answers: Commands): Commands {
    const watch =
      (name: keyof Commands) =>
      async (...given: unknown[]) => {
        this.asked.push([name, given]);
        if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
        const problem = this.failing[name];
        if (problem) throw problem;
        return (answers[name] as (...given: unknown[]) => Promise<unknown>)(...given);
      };
    const names = Object.keys(answers) as (keyof Commands)[];
    return Object.fromEntries(names.map((name) => [name, watch(name)])) as unknown as Commands;
  }

  private find(text: string, country: string): Person | undefined {
    if (/^care4w-/i.test(text))
      return PEOPLE.find((p) => p.care4wId.toLowerCase() === text.toLowerCase());
    const number = typed(text, country, 0);
    const e164 = full(number.national, number.region);
    return PEOPLE.find(
      (p) => p.full === e164 || (!number.withCountry && p.full?.endsWith(number.national)),
    );
  }

  private end(code: string, sentence: string): Promise<null> {
    const lasted = this.current.call?.connectedForMs ?? null;
    this.setCall({ state: "ended", durationMs: lasted, reason: { code, sentence } });
    return Promise.resolve(null);
  }

  private goOn(id: string): void {
    const later = (after: number, change: Partial<CallView>) =>
      setTimeout(() => {
        if (this.current.call?.id === id && this.current.call.state !== "ended")
          this.setCall(change);
      }, after);
    later(700, { state: "ringing" });
    later(2500, { state: "connecting" });
    later(3000, { state: "connected", connectedForMs: 0, quality: GOOD });
  }
}

const GOOD: CallView["quality"] = { level: "good", cause: null, side: null };

let calls = 0;

export function newCall(change: Partial<CallView> = {}): CallView {
  return {
    id: `call-${++calls}`,
    direction: "outgoing",
    state: "dialing",
    peer: {
      name: "Daniel Otieno",
      detail: "+254 712 345 678",
      care4wId: "care4w-DNL2345",
    },
    backend: "p2p",
    insteadOf: null,
    muted: false,
    held: false,
    heldByPeer: false,
    speakingWhileMuted: false,
    digits: "",
    notice: null,
    connectedForMs: null,
    durationMs: null,
    quality: null,
    reason: null,
    ...change,
  };
}

export function newRing(change: Partial<RingView> = {}): RingView {
  return {
    id: `ring-${++calls}`,
    peer: { name: "Daniel Otieno", detail: "+254 712 345 678", care4wId: "care4w-DNL2345" },
    ownNumber: "+254 722 000 111",
    state: "callingYou",
    reason: null,
    ...change,
  };
}

function isAbroad(person: Person, text: string, country: string): boolean {
  if (!person.full || text.startsWith("+") || /^care4w-/i.test(text)) return false;
  return typed(person.full, country, 0).region !== country;
}

/** A code that was sent just now. */
export function newCode(): NonNullable<AppState["phone"]["code"]> {
  const now = Math.floor(Date.now() / 1000);
  return { expiresAt: now + 600, resendAt: now + 45 };
}

/** A server that verifies numbers. */
export function verifying(verification: "log" | "twilio"): AppState["server"] {
  return { ...emptyState().server, verification };
}

function emptyState(): AppState {
  return {
    version: "0.1.0",
    profile: "default",
    connection: "online",
    server: {
      url: "http://127.0.0.1:8787",
      defaultRegion: "KE",
      verification: "off",
      twilioActive: false,
      echoLine: ECHO_LINE,
    },
    session: { status: "signedIn", user: AMINA, notice: null },
    phone: {
      number: "+254 722 000 111",
      full: "+254722000111",
      verified: false,
      pending: null,
      code: null,
      lost: null,
      known: true,
      promptOpen: false,
      discoverableByPhone: "everyone",
    },
    call: null,
    ring: null,
    sound: {
      ...{ microphone: null, speaker: null, ringer: null, volume: 100 },
      ...{ echo: true, noise: true, gain: true, dtx: false, lowDelay: false },
    },
    country: "KE",
    destination: null,
    callLinksAtOnce: false,
    doNotDisturb: { on: false, until: null },
    freeCalls: false,
    blockedRevision: 0,
    history: { revision: 0, missed: 0, wasDamaged: false },
  };
}
