// The test before the first call, one part at a time.
import { problemOf, type Commands, type SoundTest } from "../backend";
import { has, number, sentenceOf, t } from "../messages";

type Kind = SoundTest["kind"];
type Verdict = { ok: boolean; text: string };
const UNKNOWN: NonNullable<SoundTest["verdict"]> = {
  ...{ ok: false, code: "INTERNAL", text: "", roundTripMs: null },
};

/** How often the core is asked how far it is, in milliseconds. */
const INTERVAL_MS = 100;

export class TestCall {
  /** The part that runs. */
  running = $state<Kind | null>(null);
  phase = $state<SoundTest["phase"]>("recording");
  /** How loud the microphone is, in dBFS. */
  level = $state(-120);
  verdicts = $state.raw<Partial<Record<Kind, Verdict>>>({});
  private asking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly commands: Commands) {}

  /** Whether one is listened to now. */
  get recording(): boolean {
    return this.running === "microphone" && this.phase === "recording";
  }

  async start(kind: Kind): Promise<void> {
    clearInterval(this.asking);
    this.verdicts = { ...this.verdicts, [kind]: undefined };
    this.running = kind;
    this.phase = kind === "speaker" ? "playing" : "recording";
    try {
      await this.commands.soundTestStart(kind);
      if (this.running !== kind) return;
      clearInterval(this.asking);
      this.asking = setInterval(() => void this.ask(kind), INTERVAL_MS);
    } catch (thrown) {
      this.end(kind, { ok: false, text: sentenceOf(problemOf(thrown)) });
    }
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.end(this.running);
    await this.commands.soundTestStop().catch(() => {});
  }

  private async ask(kind: Kind): Promise<void> {
    const test = await this.commands.soundTest().catch(() => null);
    if (this.running !== kind || test?.kind !== kind) return;
    this.phase = test.phase;
    this.level = test.level;
    if (test.phase !== "done" && test.phase !== "failed") return;
    const { ok, code, text, roundTripMs } = test.verdict ?? UNKNOWN;
    const words = [`soundTest.verdict.${kind}.${code}`, `soundTest.verdict.${code}`].find(has);
    if (!words) return this.end(kind, { ok, text: text || t("problem.INTERNAL") });
    const answers =
      roundTripMs === null ? [] : [t("soundTest.answers", { value: number(roundTripMs) })];
    this.end(kind, { ok, text: [t(words), ...answers].join(" ") });
  }

  private end(kind: Kind, verdict?: Verdict): void {
    clearInterval(this.asking);
    this.running = null;
    this.level = -120;
    this.verdicts = { ...this.verdicts, [kind]: verdict };
  }
}
