// The phone modal's states. Invariant: only the answer to the newest question changes anything.
import { problemOf, type Commands, type Problem } from "../backend";
import { inWords, has, sentenceOf, t } from "../messages";
import { regionName } from "../messages/regions";

export type PhoneStatus =
  | "empty"
  | "invalid"
  | "checking"
  | "available"
  | "taken"
  | "limited"
  | "offline"
  | "saving"
  | "saved"
  | "error";

/** How long the keys must rest before the server is asked, in milliseconds. */
export const QUIET_MS = 500;

/** What is known of calling codes. */
type CallingCodes = {
  callingCode(country: string): number | null;
  readonly codesOfNoCountry: number[];
};

export class PhoneForm {
  text = $state("");
  caret = $state(0);
  country = $state("");
  status = $state<PhoneStatus>("empty");
  /** What the status line says; null where the status speaks for itself. */
  private problem = $state<Problem | null>(null);
  /** An unfinished number is only called wrong once its typing has rested. */
  rested = $state(false);
  /** Whether somebody else has the number without having proved it. */
  claimable = $state(false);
  /** Milliseconds since 1970, moved on by whoever shows the form. */
  private now = $state(Date.now());
  private mayAskAt = $state<number | null>(null);
  private chosen = false;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private typing = 0;
  private checking = 0;
  private asked: string | null = null;

  constructor(
    private readonly commands: Commands,
    country: string,
    private readonly codes: CallingCodes,
  ) {
    this.country = country;
  }

  get mayType(): boolean {
    return this.status !== "saving" && this.status !== "saved";
  }

  get maySave(): boolean {
    if (this.status === "limited") return this.wait === 0;
    return this.status === "available" || this.status === "error";
  }

  /** Seconds until the server may be asked again. */
  get wait(): number {
    return Math.max(0, Math.ceil(((this.mayAskAt ?? 0) - this.now) / 1000));
  }

  /** The calling code that the text names, if it is one of no country. */
  get codeOfNoCountry(): number | null {
    const named = (code: number) => this.text.startsWith(`+${code}`);
    return this.codes.codesOfNoCountry.find(named) ?? null;
  }

  get message(): string {
    const { problem, status } = this;
    if (problem && status === "invalid") {
      const key = `phone.reason.${problem.code}`;
      if (has(key) && this.codeOfNoCountry === null)
        return t(key, { country: regionName(this.country) });
      return sentenceOf(problem);
    }
    if (problem && status === "error" && has(`problem.${problem.code}`)) return sentenceOf(problem);
    if (status === "available" && this.claimable) return t("phone.claimable");
    if (status === "limited" && this.wait > 0)
      return t("phone.status.limitedFor", { time: inWords(this.wait) });
    return t(`phone.status.${status}`);
  }

  /** Formats what stands in the field now, and asks about it once the keys rest. */
  async type(text: string, caret: number): Promise<void> {
    this.forget();
    this.text = text;
    this.caret = caret;
    const turn = ++this.typing;
    let preview;
    try {
      preview = await this.commands.phonePreview(text, this.country, caret);
    } catch (thrown) {
      if (turn === this.typing) this.fail(problemOf(thrown));
      return;
    }
    if (turn !== this.typing) return;
    this.text = preview.text;
    this.caret = preview.caret;
    this.country = preview.country;
    this.problem = preview.reason;
    if (preview.state === "possible") {
      this.status = "checking";
    } else {
      this.status = preview.state;
    }
    this.quiet = setTimeout(() => void this.rest(), QUIET_MS);
  }

  /** Reads the number in this country, or with this calling code (`+800`), whatever country it named before. */
  choose(country: string): Promise<void> {
    this.chosen = true;
    let rest = this.text;
    if (rest.startsWith("+")) {
      const named = this.codeOfNoCountry ?? this.codes.callingCode(this.country);
      rest = named !== null && rest.startsWith(`+${named}`) ? rest.slice(`+${named}`.length) : "";
    }
    rest = rest.trim();
    if (country.startsWith("+")) rest = `${country} ${rest}`.trim();
    else this.country = country;
    return this.type(rest, rest.length);
  }

  /** The country that numbers are read in by default is known now, or another. */
  startIn(country: string): void {
    if (!this.chosen && this.text === "") this.country = country;
  }

  /** The keys rest, or the field was left. */
  async rest(): Promise<void> {
    clearTimeout(this.quiet);
    this.rested = true;
    if (this.status !== "checking" || this.asked === this.text) return;
    await this.check();
  }

  /** Asks again what could not be asked while offline. */
  async backOnline(): Promise<void> {
    if (this.status === "offline") await this.check();
  }

  /** Time has passed: what was to wait is asked again when its time has come. */
  tick(): void {
    this.now = Date.now();
    if (this.status !== "limited" || this.mayAskAt === null || this.wait > 0) return;
    this.mayAskAt = null;
    void this.check();
  }

  private async check(): Promise<void> {
    const turn = ++this.checking;
    this.asked = this.text;
    this.status = "checking";
    try {
      const answer = await this.commands.phoneCheck(this.text, this.country);
      if (turn !== this.checking) return;
      this.claimable = answer.claimable;
      this.status = answer.available ? "available" : "taken";
    } catch (thrown) {
      if (turn === this.checking) this.fail(problemOf(thrown));
    }
  }

  /** Whether it was saved. */
  async save(): Promise<boolean> {
    if (!this.maySave) return false;
    this.forget();
    this.rested = true;
    this.status = "saving";
    try {
      await this.commands.phoneSave(this.text, this.country);
      this.status = "saved";
      return true;
    } catch (thrown) {
      this.fail(problemOf(thrown));
      return false;
    }
  }

  /** An empty field again. */
  begin(): void {
    this.forget();
    this.text = "";
    this.caret = 0;
    this.problem = null;
    this.status = "empty";
  }

  /** Nothing that was asked before this counts any more. */
  forget(): void {
    clearTimeout(this.quiet);
    this.checking++;
    this.typing++;
    this.asked = null;
    this.rested = false;
    this.mayAskAt = null;
  }

  private fail(problem: Problem): void {
    this.problem = problem;
    this.status = STATUS_OF[problem.code] ?? "error";
    this.now = Date.now();
    this.mayAskAt = problem.retryAfter ? this.now + problem.retryAfter * 1000 : null;
  }
}

const STATUS_OF: Record<string, PhoneStatus> = {
  RATE_LIMITED: "limited",
  OFFLINE: "offline",
  PHONE_ALREADY_EXISTS: "taken",
  INVALID_PHONE: "invalid",
  INVALID_NUMBER: "invalid",
};
