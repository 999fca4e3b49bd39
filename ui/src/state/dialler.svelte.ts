// What is typed in the dialler, who that is, and the question before a call to another country.
import {
  problemOf,
  type AppState,
  type Commands,
  type DialPreview,
  type KnownPeer,
  type Lookup,
  type Problem,
} from "../backend";

/** How long the keys must rest before somebody is looked up, in milliseconds. */
export const QUIET_MS = 500;

export class Dialler {
  text = $state("");
  caret = $state(0);
  kind = $state<DialPreview["kind"]>("empty");
  /** The region that the typed number is in, where that can be told. */
  region = $state<string | null>(null);
  /** Why what is typed cannot be called, or not yet. */
  reason = $state.raw<Problem | null>(null);
  looking = $state(false);
  found = $state.raw<Lookup | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Somebody in another country, to be confirmed before their phone rings. */
  confirming = $state.raw<{ name: string; region: string | null } | null>(null);
  dialling = $state(false);
  /** The link that filled this in, until something else is typed. */
  offer = $state.raw<AppState["destination"]>(null);
  /** People of earlier calls who may be meant. */
  suggestions = $state.raw<KnownPeer[]>([]);
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  constructor(
    private readonly commands: Commands,
    private readonly country: () => string,
  ) {}

  async type(text: string, caret: number): Promise<void> {
    clearTimeout(this.quiet);
    const turn = ++this.turn;
    this.text = text;
    this.caret = caret;
    this.found = null;
    this.looking = false;
    this.problem = null;
    this.offer = null;
    void this.suggest(turn, text);
    let preview;
    try {
      preview = await this.commands.dialPreview(text, this.country(), caret);
    } catch {
      return; // What was typed stands as it is; dialling it will say what is wrong.
    }
    if (turn !== this.turn) return;
    this.text = preview.text;
    this.caret = preview.caret;
    this.kind = preview.kind;
    this.reason = preview.reason;
    this.region = preview.detail;
    if (preview.kind === "number" || preview.kind === "id")
      this.quiet = setTimeout(() => void this.lookUp(turn), QUIET_MS);
  }

  /** Takes what a link or the command line names. It is called at once only where the core says so and the line is `free`. */
  async take(offer: NonNullable<AppState["destination"]>, free: boolean): Promise<void> {
    if (offer.refused) return this.showRefused(offer, offer.refused);
    const typed = this.type(offer.text, offer.text.length);
    const turn = this.turn;
    await typed;
    if (turn !== this.turn) return;
    this.offer = offer;
    if (offer.atOnce && free) await this.call();
  }

  /** What cannot be called stands there as it came: formatting it would hide what it is. */
  private showRefused(offer: NonNullable<AppState["destination"]>, why: Problem): void {
    clearTimeout(this.quiet);
    this.turn++;
    this.text = offer.text;
    this.caret = offer.text.length;
    this.kind = "incomplete";
    this.region = null;
    this.reason = why;
    this.found = null;
    this.looking = false;
    this.problem = null;
    this.suggestions = [];
    this.offer = offer;
  }

  private async suggest(turn: number, text: string): Promise<void> {
    let found: KnownPeer[] = [];
    try {
      if (text.trim().length > 1) found = await this.commands.historySuggest(text);
    } catch {
      // Nobody is missed who is not offered.
    }
    if (turn === this.turn) this.suggestions = found;
  }

  /** Puts a key's character where the caret is. */
  press(key: string): Promise<void> {
    const { text, caret } = this;
    return this.type(text.slice(0, caret) + key + text.slice(caret), caret + key.length);
  }

  backspace(): Promise<void> {
    let start = this.caret;
    // What formatting put there is not a key that somebody pressed.
    while (start > 0 && /[\s()-]/.test(this.text[start - 1] ?? "") && this.kind !== "id") start--;
    const behind = this.text.slice(this.caret);
    return this.type(this.text.slice(0, Math.max(0, start - 1)) + behind, Math.max(0, start - 1));
  }

  clear(): Promise<void> {
    return this.type("", 0);
  }

  private async lookUp(turn: number): Promise<void> {
    this.looking = true;
    try {
      const found = await this.commands.lookup(this.text, this.country());
      if (turn === this.turn) this.found = found;
    } catch {
      // Who it is stays open; the call itself will say why.
    } finally {
      if (turn === this.turn) this.looking = false;
    }
  }

  /** Calls what is typed, or the destination given. */
  async call(destination?: string, confirmed = false): Promise<void> {
    const text = destination ?? this.text;
    if (text.trim() === "" || this.dialling) return;
    clearTimeout(this.quiet);
    this.problem = null;
    this.dialling = true;
    try {
      await this.commands.dial({ text, country: this.country(), confirmed });
      this.confirming = null;
      if (destination === undefined || destination === this.text) void this.clear();
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.code === "CONFIRM_OTHER_COUNTRY") await this.ask(text, problem);
      else {
        this.confirming = null;
        this.problem = problem;
      }
    } finally {
      this.dialling = false;
    }
  }

  /** Has the person's own telephone rung and connected with the number that is typed. */
  async ringMyPhone(): Promise<void> {
    const { text } = this;
    if (text.trim() === "" || this.dialling) return;
    clearTimeout(this.quiet);
    this.problem = null;
    this.dialling = true;
    try {
      await this.commands.ringMyPhone(text, this.country());
      if (text === this.text) void this.clear();
    } catch (thrown) {
      this.problem = problemOf(thrown);
    } finally {
      this.dialling = false;
    }
  }

  /** Calls somebody from a list: what was typed stays, and what goes wrong is said in the dialler. */
  async callBack(destination: string): Promise<void> {
    await this.call(destination);
    if (this.problem && this.text === "") {
      const problem = this.problem;
      await this.type(destination, destination.length);
      this.problem = problem;
    }
  }

  private async ask(text: string, problem: Problem): Promise<void> {
    try {
      const found = await this.commands.lookup(text, this.country());
      if (found.status === "found") {
        this.destination = text;
        this.confirming = { name: found.name, region: found.region };
      } else this.problem = problem;
    } catch (thrown) {
      this.problem = problemOf(thrown);
    }
  }

  private destination = "";

  confirm(): Promise<void> {
    return this.call(this.destination, true);
  }
}
