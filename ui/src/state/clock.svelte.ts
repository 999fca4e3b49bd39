import type { CallView } from "../backend";

/** Counts on between snapshots, from the moment that the core says sound began to flow. */
export class CallClock {
  /** Milliseconds that the call has been connected; null before it is. */
  elapsed = $state<number | null>(null);
  private since: number | null = null;
  private ticking: ReturnType<typeof setInterval> | undefined;

  take(call: CallView | null): void {
    clearInterval(this.ticking);
    if (!call || call.state === "ended" || call.connectedForMs === null) {
      this.since = null;
      this.elapsed = null;
      return;
    }
    this.since = performance.now() - call.connectedForMs;
    this.tick();
    this.ticking = setInterval(() => this.tick(), 250);
  }

  private tick(): void {
    if (this.since !== null) this.elapsed = performance.now() - this.since;
  }
}
