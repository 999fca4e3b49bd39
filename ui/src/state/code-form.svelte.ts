// The step in which the number is proved. Invariant: only the answer to the newest code or sending changes anything.
import { problemOf, type AppState, type Commands, type Problem } from "../backend";
import { inWords, has, sentenceOf, t } from "../messages";
import { asciiDigits } from "./digits";

export type CodeStatus =
  | "empty"
  | "none"
  | "sent"
  | "checking"
  | "wrong"
  | "expired"
  | "limited"
  | "offline"
  | "error"
  | "done";

export const DIGITS = 6;

export class CodeForm {
  code = $state("");
  private said = $state<CodeStatus>("empty");
  private problem = $state<Problem | null>(null);
  sending = $state(false);
  /** Seconds since 1970, moved on by whoever shows the form. */
  now = $state(seconds());
  private limitedUntil = $state(0);
  private turn = 0;

  constructor(
    private readonly commands: Commands,
    private readonly phone: () => AppState["phone"],
    /** Told of every step at once, before the core can have answered it. */
    private readonly onstatus: (status: CodeStatus) => void = () => {},
  ) {}

  get status(): CodeStatus {
    if (this.said !== "empty" && this.said !== "sent") return this.said;
    const sent = this.phone().code;
    if (!sent) return "none";
    return sent.expiresAt <= this.now ? "expired" : this.said;
  }

  get message(): string {
    const { problem, status } = this;
    if (problem && status === "error" && has(`problem.${problem.code}`)) return sentenceOf(problem);
    if (status === "limited" && this.limitedFor > 0)
      return t("code.status.limitedFor", { time: inWords(this.limitedFor) });
    return t(`code.status.${status}`);
  }

  get mayVerify(): boolean {
    return this.code.length === DIGITS && !this.settled && !this.sending;
  }

  /** Whether nothing more is to be typed for now. */
  get settled(): boolean {
    return this.status === "checking" || this.status === "done";
  }

  /** Seconds for which the server wants no more tries. */
  private get limitedFor(): number {
    return Math.max(0, this.limitedUntil - this.now);
  }

  /** Seconds until another code may be asked for. */
  get wait(): number {
    return Math.max(0, (this.phone().code?.resendAt ?? 0) - this.now);
  }

  get mayResend(): boolean {
    return this.wait === 0 && !this.settled && !this.sending;
  }

  /** Takes what was typed or pasted, in whatever digits, and tries it when it is whole. */
  async type(text: string): Promise<void> {
    this.turn++;
    this.code = asciiDigits(text).replace(/\D/g, "").slice(0, DIGITS);
    if (this.said !== "limited") this.say("empty");
    if (this.code.length === DIGITS) await this.verify();
  }

  async verify(): Promise<void> {
    if (!this.mayVerify) return;
    const turn = ++this.turn;
    this.say("checking");
    try {
      await this.commands.phoneVerify(this.code);
      if (turn === this.turn) this.say("done");
    } catch (thrown) {
      if (turn !== this.turn) return;
      this.fail(problemOf(thrown));
      if (this.said === "wrong" || this.said === "expired") this.code = "";
    }
  }

  async resend(): Promise<void> {
    if (!this.mayResend) return;
    const turn = ++this.turn;
    this.sending = true;
    this.code = "";
    try {
      await this.commands.phoneResend();
      this.now = seconds();
      if (turn === this.turn) this.say("sent");
    } catch (thrown) {
      if (turn === this.turn) this.fail(problemOf(thrown));
    } finally {
      this.sending = false;
    }
  }

  /** Time has passed: what was to wait may be tried again when its time has come. */
  tick(): void {
    this.now = seconds();
    if (this.said === "limited" && this.limitedUntil > 0 && this.limitedFor === 0) {
      this.limitedUntil = 0;
      this.say("empty");
    }
  }

  private say(status: CodeStatus, problem: Problem | null = null): void {
    this.said = status;
    this.onstatus(status);
    this.problem = problem;
  }

  private fail(problem: Problem): void {
    this.say(STATUS_OF[problem.code] ?? "error", problem);
    this.now = seconds();
    this.limitedUntil = problem.retryAfter ? this.now + problem.retryAfter : 0;
  }
}

const STATUS_OF: Record<string, CodeStatus> = {
  INVALID_CODE: "wrong",
  CODE_EXPIRED: "expired",
  RATE_LIMITED: "limited",
  OFFLINE: "offline",
};

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
