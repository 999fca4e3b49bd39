// What the window knows: the core's last snapshot, and where in the window one is.
import { getContext, setContext } from "svelte";
import type { AppState, Backend, Commands, Region } from "../backend";
import { AfterCall } from "./after-call";
import { Blocked } from "./blocked.svelte";
import { CallClock } from "./clock.svelte";
import { speech } from "../messages/language.svelte";
import { Dialler } from "./dialler.svelte";
import { History } from "./history.svelte";
import { Said } from "./said.svelte";
import { Sound } from "./sound.svelte";
import { SoundTestOffer } from "./sound-test-offer.svelte";

export type Place = "phone" | "recents" | "settings";

/** Somebody who may be blocked, and the call of theirs that rings meanwhile. */
export type Blocking = { care4wId: string; name: string | null; ringing: string | null };

export class App {
  readonly backend: Backend;
  place = $state<Place>("phone");
  /** Whom a link or the command line names, for the dialler. */
  offered = $state.raw<AppState["destination"]>(null);
  regions = $state.raw<Region[]>([]);
  /** Calling codes that belong to no country. */
  codesOfNoCountry = $state.raw<number[]>([]);
  readonly history: History;
  readonly clock = new CallClock();
  readonly dialler: Dialler;
  readonly blocked: Blocked;
  readonly sound: Sound;
  readonly soundTestOffer = new SoundTestOffer();
  private testing = $state(false);
  /** Whom the person is asked about before they are blocked. */
  blocking = $state.raw<Blocking | null>(null);
  readonly said = new Said();
  /** Whether the person opened the phone modal, rather than the core. */
  phoneFromSettings = $state(false);
  /** Whether they want another number than the one that waits for its code. */
  anotherNumber = $state(false);
  /** The phone modal says that all is done before it goes. */
  phoneLingers = $state(false);
  /** Whether a call rings or runs, as of now: whoever is being taken off the window still reads the snapshot before. */
  calling = false;
  /** What was typed when a call put the phone modal away. */
  phoneDraft: { text: string; country: string } | null = null;
  readonly afterCall: AfterCall;
  readonly afterRing: AfterCall;
  /** The person has read that the list of calls could not be. */
  toldOfDamage = $state(false);
  private leaving: string | null = null;
  private hushed: string | null = null;
  private snapshot = $state.raw() as AppState;

  private constructor(backend: Backend, first: AppState) {
    this.backend = backend;
    this.dialler = new Dialler(backend.commands, () => this.core.country);
    this.blocked = new Blocked(backend.commands);
    this.history = new History(backend.commands);
    this.sound = new Sound(backend.commands, () => this.core.sound);
    this.afterCall = new AfterCall(() => {
      const { call } = this.core;
      if (call?.state === "ended") void this.dismiss(call.id);
    });
    this.afterRing = new AfterCall(() => void this.commands.ringDismiss().catch(() => {}));
    this.snapshot = first;
    this.take(first);
  }

  /** Listens first and asks then, so that no change falls between the two. */
  static async start(backend: Backend): Promise<App> {
    let app: App | undefined;
    let early: AppState | undefined;
    await backend.onState((state) => {
      if (app) app.take(state);
      else early = state;
    });
    const [first] = await Promise.all([backend.commands.state(), speak(backend.commands)]);
    app = new App(backend, early ?? first);
    void app.loadRegions();
    return app;
  }

  /** The last snapshot, whole. */
  get core(): AppState {
    return this.snapshot;
  }

  get commands(): Commands {
    return this.backend.commands;
  }

  /** Whether the test before the first call is open. */
  get testingSound(): boolean {
    return this.testing;
  }

  set testingSound(open: boolean) {
    this.testing = open;
    this.soundTestOffer.settle();
  }

  private take(state: AppState): void {
    const before = this.snapshot;
    this.snapshot = state;
    this.calling = state.call !== null && state.call.state !== "ended";
    this.clock.take(state.call);
    if (!state.phone.promptOpen) this.phoneFromSettings = false;
    if (state.call?.state === "ended" && this.leaving !== state.call.id) this.leave(state.call.id);
    if (state.call?.state !== "ended") this.afterCall.begin(false);
    if (state.session.status === "signedOut") {
      this.history.clear();
      this.blocked.clear();
      this.blocking = null;
      this.testing = false;
      this.place = "phone";
    } else if (before.session.status === "signedOut") this.said.clear();
    if (state.history.revision !== before.history.revision) this.history.changed();
    if (state.blockedRevision !== before.blockedRevision && this.blocked.people)
      void this.blocked.load();
    if (state.destination !== null) {
      // What was opened before somebody signs in, or in a call, must not ring of a sudden afterwards.
      const waits = state.session.status === "signedOut" || this.calling;
      this.offered = waits ? { ...state.destination, atOnce: false } : state.destination;
      this.place = "phone";
      // A call that is over must not hide it.
      if (state.call?.state === "ended") void this.dismiss(state.call.id);
      void this.commands.takeDestination().catch(() => {});
    }
    // A call that begins is what one wants to see, wherever one was.
    if (state.call && state.call.id !== before.call?.id) {
      this.place = "phone";
      this.blocking = null;
      this.testing = false;
    }
    if (state.ring && !before.ring) this.place = "phone";
    const ringEnded = state.ring?.state === "ended";
    if (ringEnded !== (before.ring?.state === "ended")) this.afterRing.begin(ringEnded);
    if (state.call && state.call.connectedForMs !== null) this.soundTestOffer.settle();
  }

  private leave(callId: string): void {
    this.leaving = callId;
    if (this.hushed === callId) return void this.dismiss(callId);
    this.afterCall.begin(true);
  }

  /** Silences the call of somebody who has just been blocked: it goes without a word. The server does not tell them. */
  async hush(callId: string): Promise<void> {
    this.hushed = callId;
    // The block itself may have ended it here.
    await this.commands.decline(callId).catch(() => {});
    if (this.core.call?.id === callId && this.core.call.state === "ended")
      await this.dismiss(callId);
  }

  async dismiss(callId: string): Promise<void> {
    await this.commands.dismissCall(callId).catch(() => {});
  }

  /** Says what was done: for a while, or, to who is signed out now, until they sign in. */
  say(sentence: string): void {
    this.said.say(sentence, () => this.core.session.status !== "signedIn");
  }

  /** Whether that id is somebody who can be blocked: not oneself, not a machine, not blocked already. */
  mayBlock(care4wId: string | null): care4wId is string {
    const { session, server } = this.core;
    if (!care4wId || care4wId === session.user?.care4wId || care4wId === server.echoLine)
      return false;
    return !this.blocked.has(care4wId);
  }

  /** Opens the phone modal because the person wants to change the number. */
  async openPhone(another = true): Promise<void> {
    this.phoneFromSettings = true;
    this.anotherNumber = another;
    await this.commands.phoneOpen().catch(() => {});
  }

  private async loadRegions(): Promise<void> {
    try {
      const all = await this.backend.commands.regions();
      this.regions = all.filter((region): region is Region => region.code !== null);
      this.codesOfNoCountry = all.filter((r) => r.code === null).map((r) => r.callingCode);
    } catch {
      this.regions = [];
    }
  }

  callingCode(region: string): number | null {
    return this.regions.find((r) => r.code === region)?.callingCode ?? null;
  }
}

/** Speaks as the core says; where it cannot say, as the web view's system does. */
async function speak(commands: Commands): Promise<void> {
  const { now, chosen, system } = await commands
    .language()
    .catch(() => ({ now: "en", chosen: null, system: [] }) as const);
  // A web view on Linux knows only the languages that the C library has been given.
  speech.take(chosen, now, system.length > 0 ? system : navigator.languages);
}

const KEY = Symbol("app");

export function provideApp(app: App): void {
  setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
