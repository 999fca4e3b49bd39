// The calls that were, as the core keeps them: one page at a time, searched. Invariant: only the newest answer counts.
import { problemOf, type Commands, type HistoryCall, type Problem } from "../backend";

/** How long the keys must rest before the list is searched, in milliseconds. */
export const SEARCH_QUIET_MS = 150;

export class History {
  /** Newest first; null until the core has answered. */
  calls = $state.raw<HistoryCall[] | null>(null);
  /** What is looked for. */
  search = $state("");
  /** Whether there may be older ones. */
  more = $state(false);
  /** Why the list could not be had. */
  problem = $state.raw<Problem | null>(null);
  /** Missed calls that nobody had looked at when the list was opened. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());
  private watched = false;
  private turn = 0;
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly commands: Commands) {}

  /** Keeps the list up to date while it is shown; returns how to stop. */
  watch(): () => void {
    this.watched = true;
    void this.load();
    return () => {
      this.watched = false;
      this.fresh = new Set();
      this.find("");
    };
  }

  /** The list is another one now. */
  changed(): void {
    if (this.watched) void this.load();
  }

  /** Looks for something else, once the keys rest. */
  find(search: string): void {
    clearTimeout(this.quiet);
    this.search = search;
    if (this.watched) this.quiet = setTimeout(() => void this.load(), SEARCH_QUIET_MS);
  }

  async load(): Promise<void> {
    const turn = ++this.turn;
    try {
      const calls = await this.commands.history(this.search, null);
      if (turn !== this.turn) return;
      this.take(calls, calls);
      if (calls.some((call) => call.isNew)) await this.commands.historySeen();
    } catch (thrown) {
      if (turn === this.turn) this.problem = problemOf(thrown);
    }
  }

  async loadMore(): Promise<void> {
    const last = this.calls?.at(-1);
    if (!last || !this.more) return;
    const turn = ++this.turn;
    this.more = false;
    try {
      const older = await this.commands.history(this.search, {
        startedAt: last.startedAt,
        id: last.id,
      });
      if (turn === this.turn) this.take([...(this.calls ?? []), ...older], older);
    } catch (thrown) {
      if (turn === this.turn) this.problem = problemOf(thrown);
    }
  }

  private take(calls: HistoryCall[], page: HistoryCall[]): void {
    this.calls = calls;
    this.more = page.length >= PAGE;
    this.problem = null;
    const fresh = page.filter((call) => call.isNew).map((call) => call.id);
    if (fresh.length > 0) this.fresh = new Set([...this.fresh, ...fresh]);
  }

  clear(): void {
    this.turn++;
    clearTimeout(this.quiet);
    this.calls = null;
    this.search = "";
    this.more = false;
    this.problem = null;
    this.fresh = new Set();
  }
}

/** A page that is shorter than this is the last one (the core's `HISTORY_PAGE`). */
const PAGE = 50;
