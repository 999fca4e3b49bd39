// The step in which the number is proved. Invariant: only the answer to the newest code or sending changes anything.
import { problemOf, type AppState, type Commands, type Problem } from "../backend";
import { has, sentenceOf, t } from "../messages";

export type CodeStatus =
  "empty" | "none" | "sent" | "checking" | "wrong" | "expired" | "limited" | "offline" | "error";

export const DIGITS = 6;

export class CodeForm {
  code = $state("");
  private said = $state<CodeStatus>("empty");
  private problem = $state<Problem | null>(null);
  sending = $state(false);
  /** Seconds since 1970, moved on by whoever shows the form. */
  now = $state(seconds());
  private turn = 0;

  constructor(
    private readonly commands: Commands,
    private readonly phone: () => AppState["phone"],
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
    // How long to wait is in the core's sentence.
    if (problem?.message && (status === "limited" || status === "error")) return problem.message;
    return t(`code.status.${status}`);
  }

  get mayVerify(): boolean {
    return this.code.length === DIGITS && this.status !== "checking" && !this.sending;
  }

  /** Seconds until another code may be asked for. */
  get wait(): number {
    return Math.max(0, (this.phone().code?.resendAt ?? 0) - this.now);
  }

  get mayResend(): boolean {
    return this.wait === 0 && this.status !== "checking" && !this.sending;
  }

  /** Takes what was typed or pasted, in whatever digits, and tries it when it is whole. */
  async type(text: string): Promise<void> {
    this.turn++;
    this.code = digitsOf(text).slice(0, DIGITS);
    if (this.said !== "limited") this.say("empty");
    if (this.code.length === DIGITS) await this.verify();
  }

  async verify(): Promise<void> {
    if (!this.mayVerify) return;
    const turn = ++this.turn;
    this.say("checking");
    try {
      await this.commands.phoneVerify(this.code);
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

  tick(): void {
    this.now = seconds();
  }

  private say(status: CodeStatus, problem: Problem | null = null): void {
    this.said = status;
    this.problem = problem;
  }

  private fail(problem: Problem): void {
    this.say(STATUS_OF[problem.code] ?? "error", problem);
  }
}

const STATUS_OF: Record<string, CodeStatus> = {
  INVALID_CODE: "wrong",
  CODE_EXPIRED: "expired",
  RATE_LIMITED: "limited",
  OFFLINE: "offline",
};

const DIGIT = /\p{Nd}/u;

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The digits of a text in ASCII, whatever script they were written in. */
function digitsOf(text: string): string {
  let digits = "";
  for (const char of text.normalize("NFKC")) {
    if (/[0-9]/.test(char)) digits += char;
    else if (DIGIT.test(char)) {
      // A script's digits stand in a row from its zero.
      const point = char.codePointAt(0)!;
      let zero = point;
      while (point - zero < 9 && DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
      digits += String(point - zero);
    }
  }
  return digits;
}
