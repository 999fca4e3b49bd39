import type { CallView } from "../backend";

export type RecentCall = {
  id: string;
  name: string | null;
  detail: string;
  /** The id by which they can be blocked, where they have one. */
  care4wId: string | null;
  direction: CallView["direction"];
  answered: boolean;
  durationMs: number | null;
  /** When it began, by the system's clock. */
  at: Date;
};

/** The calls since the window opened, newest first. Kept in memory only. */
export class Recents {
  list = $state.raw<RecentCall[]>([]);

  /** Notes a call when it begins, and what became of it. */
  take(call: CallView): void {
    const known = this.list.find((recent) => recent.id === call.id);
    const connected = call.connectedForMs !== null || call.durationMs !== null;
    const recent: RecentCall = {
      id: call.id,
      name: call.peer.name,
      detail: call.peer.detail,
      care4wId: call.peer.care4wId,
      direction: call.direction,
      answered: connected || (known?.answered ?? false),
      durationMs: call.durationMs,
      at: known?.at ?? new Date(),
    };
    this.list = [recent, ...this.list.filter((other) => other.id !== call.id)];
  }

  clear(): void {
    this.list = [];
  }
}
