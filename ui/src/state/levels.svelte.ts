import type { Commands } from "../backend";

/** How often the core is asked, in milliseconds. */
const INTERVAL_MS = 100;
const SILENCE = -120;

/** How loud both directions of the call are, in dBFS: asked for as long as somebody looks. */
export class Levels {
  input = $state(SILENCE);
  output = $state(SILENCE);
  private looking = 0;
  private asking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly commands: Commands) {}

  /** Begins to ask; gives back how to stop. Made for an effect. */
  watch(): () => void {
    if (++this.looking === 1) this.asking = setInterval(() => void this.ask(), INTERVAL_MS);
    return () => {
      if (--this.looking > 0) return;
      clearInterval(this.asking);
      this.input = this.output = SILENCE;
    };
  }

  private async ask(): Promise<void> {
    const levels = await this.commands.levels().catch(() => null);
    if (this.looking === 0) return;
    this.input = levels?.input ?? SILENCE;
    this.output = levels?.output ?? SILENCE;
  }
}
