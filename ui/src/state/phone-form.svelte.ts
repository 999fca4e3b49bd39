// The phone modal's states. Invariant: only the answer to the newest question changes anything.
import { problemOf, type Commands, type Problem } from "../backend";
import { has, sentenceOf, t } from "../messages";

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
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private typing = 0;
  private checking = 0;
  private asked: string | null = null;

  constructor(
    private readonly commands: Commands,
    country: string,
  ) {
    this.country = country;
  }

  get mayType(): boolean {
    return this.status !== "saving" && this.status !== "saved";
  }

  get maySave(): boolean {
    return this.status === "available" || this.status === "limited" || this.status === "error";
  }

  get message(): string {
    if (this.problem && this.status === "invalid") return sentenceOf(this.problem);
    if (this.problem && this.status === "error" && has(`problem.${this.problem.code}`))
      return sentenceOf(this.problem);
    if (this.status === "available" && this.claimable) return t("phone.claimable");
    if (this.problem && this.status === "error" && this.problem.message)
      return this.problem.message;
    return t(`phone.status.${this.status}`);
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

  choose(country: string): Promise<void> {
    this.country = country;
    return this.type(this.text, this.text.length);
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

  async save(): Promise<void> {
    if (!this.maySave) return;
    this.forget();
    this.status = "saving";
    try {
      await this.commands.phoneSave(this.text, this.country);
      this.status = "saved";
    } catch (thrown) {
      this.fail(problemOf(thrown));
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
  }

  private fail(problem: Problem): void {
    this.problem = problem;
    this.status = STATUS_OF[problem.code] ?? "error";
  }
}

const STATUS_OF: Record<string, PhoneStatus> = {
  RATE_LIMITED: "limited",
  OFFLINE: "offline",
  PHONE_ALREADY_EXISTS: "taken",
  INVALID_PHONE: "invalid",
  INVALID_NUMBER: "invalid",
};
