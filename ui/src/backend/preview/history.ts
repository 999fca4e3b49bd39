// The stand-in's list of calls: what ended is in it.
import type { AppState, CallView, Commands, HistoryCall } from "../types";

type Calls = Pick<
  Commands,
  "history" | "historySuggest" | "historySeen" | "historyClear" | "historyExport"
>;

/** What these commands need of the stand-in. */
export interface Owner {
  readonly current: AppState;
  calls: HistoryCall[];
  set(change: Partial<AppState>): void;
}

/** What of a call is kept once it ended. */
export function kept(call: CallView): HistoryCall {
  const talked = call.durationMs !== null;
  const reason = call.reason?.code ?? "HUNG_UP";
  const refused = reason.startsWith("DECLINED");
  const kind =
    call.direction === "outgoing"
      ? talked
        ? "outgoing"
        : "unanswered"
      : talked
        ? "incoming"
        : refused
          ? "declined"
          : "missed";
  return {
    id: call.id,
    kind,
    name: call.peer.name,
    detail: call.peer.detail,
    care4wId: call.peer.care4wId,
    startedAt: new Date().toISOString(),
    durationMs: call.durationMs,
    reason,
    isNew: kind === "missed",
  };
}

/** The state of a list. */
export function listState(calls: HistoryCall[], before: AppState): AppState["history"] {
  return {
    ...before.history,
    revision: before.history.revision + 1,
    missed: calls.filter((call) => call.isNew).length,
  };
}

export function history(core: Owner): Calls {
  const digits = (text: string) => text.replace(/\D/g, "").replace(/^0+/, "");
  const fits = (call: HistoryCall, text: string) => {
    const words = [call.name, call.detail, call.care4wId].join("\n").toLowerCase();
    const number = /^[\d\s+()./-]+$/.test(text) ? digits(text) : "";
    return (
      words.includes(text.toLowerCase()) ||
      (number.length > 1 && !/[a-z]/i.test(call.detail) && digits(call.detail).includes(number))
    );
  };
  const put = (calls: HistoryCall[]) => {
    core.calls = calls;
    core.set({ history: listState(calls, core.current) });
    return Promise.resolve(null);
  };
  return {
    history: (search, before) => {
      const from = before ? core.calls.findIndex((call) => call.id === before.id) + 1 : 0;
      const found = core.calls.slice(from).filter((call) => fits(call, search.trim()));
      return Promise.resolve(found.slice(0, 50));
    },
    historySuggest: (typed) => {
      if (typed.trim().length < 2) return Promise.resolve([]);
      const found = core.calls.filter((call) => fits(call, typed.trim()));
      const details = [...new Set(found.map((call) => call.detail))].slice(0, 3);
      return Promise.resolve(
        details.map((detail) => ({
          name: found.find((call) => call.detail === detail)?.name ?? null,
          detail,
        })),
      );
    },
    historySeen: () => put(core.calls.map((call) => ({ ...call, isNew: false }))),
    historyClear: () => put([]),
    historyExport: () => Promise.resolve("~/Downloads/care4w-calls.csv"),
  };
}
