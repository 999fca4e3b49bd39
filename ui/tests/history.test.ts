// The calls that were: missed ones, search, clearing, saving, older pages, completion in the dialler.
import { beforeEach, expect, test, vi } from "vitest";
import type { HistoryCall } from "../src/backend";
import { newCall, PreviewCore } from "../src/backend/preview";
import { SEARCH_QUIET_MS } from "../src/state/history.svelte";
import { asked, off, on, open, pass, settle } from "./stage";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

const call = (change: Partial<HistoryCall> = {}): HistoryCall => ({
  id: "c1",
  kind: "outgoing",
  name: "Neema Mushi",
  detail: "+255 754 321 987",
  care4wId: "care4w-NEE2345",
  startedAt: new Date().toISOString(),
  durationMs: 61_000,
  reason: "HUNG_UP",
  isNew: false,
  ...change,
});

async function recents(calls: HistoryCall[]) {
  const stage = await open();
  stage.core.calls = calls;
  await stage.user.click(on("nav-history"));
  await settle();
  return stage;
}

const items = () => document.querySelectorAll("[data-testid=history-item]").length;

test("a missed call is counted where one sees it, and is no news once it was looked at", async () => {
  const { core, user } = await open();
  core.set({ call: newCall({ direction: "incoming", state: "incoming" }) });
  core.setCall({ state: "ended", reason: { code: "MISSED", sentence: "Missed." } });
  core.set({ call: null });
  await settle();
  expect(on("nav-history")).toHaveTextContent("1 missed call");
  await user.click(on("nav-history"));
  await settle();
  expect(on("history-item")).toHaveTextContent("Missed");
  expect(on("history-new")).toBeVisible();
  expect(asked(core, "historySeen")).toEqual([[]]);
  expect(on("nav-history")).not.toHaveTextContent("missed");
  await user.click(on("nav-phone"));
  await user.click(on("nav-history"));
  await settle();
  expect(off("history-new")).toBeNull();
});

test("a call that was cut off says so, and one that nobody answered has no duration", async () => {
  await recents([
    call({ reason: "INTERRUPTED" }),
    call({ id: "c2", kind: "unanswered", durationMs: null, reason: "NO_ANSWER" }),
  ]);
  const [first, second] = [...document.querySelectorAll("[data-testid=history-item]")];
  expect(first).toHaveTextContent("Outgoing · 01:01 · cut off");
  expect(second).toHaveTextContent("Not answered");
  expect(second).not.toHaveTextContent("00:00");
});

test("a search finds a name or a number, however it is written", async () => {
  const { user } = await recents([
    call(),
    call({ id: "c2", name: "Daniel Otieno", detail: "+254 712 345 678" }),
  ]);
  await user.type(on("history-search"), "0712");
  await pass(SEARCH_QUIET_MS);
  expect(items()).toBe(1);
  expect(on("history-item")).toHaveTextContent("Daniel Otieno");
  await user.clear(on("history-search"));
  await user.type(on("history-search"), "nobody");
  await pass(SEARCH_QUIET_MS);
  expect(on("history-empty")).toHaveTextContent("No call like that");
  await user.click(document.querySelector("[data-testid=history-empty] button")!);
  await pass(SEARCH_QUIET_MS);
  expect(items()).toBe(2);
});

test("clearing asks first, and empties the list", async () => {
  const { core, user } = await recents([call()]);
  await user.click(on("history-menu"));
  await settle();
  await user.click(on("history-clear"));
  await settle();
  await user.click(on("history-clear-sheet-cancel"));
  expect(asked(core, "historyClear")).toEqual([]);
  await user.click(on("history-menu"));
  await settle();
  await user.click(on("history-clear"));
  await settle();
  await user.click(on("history-clear-sheet-confirm"));
  await settle();
  expect(on("history-empty")).toHaveTextContent("No calls yet");
});

test("what is saved says where", async () => {
  const { user } = await recents([call()]);
  await user.click(on("history-menu"));
  await settle();
  await user.click(on("history-export"));
  await settle();
  expect(on("said")).toHaveTextContent("Saved as ~/Downloads/care4w-calls.csv");
});

test("older calls come when one scrolls to them", async () => {
  const many = Array.from({ length: 60 }, (_, index) => call({ id: `c${index}` }));
  const { core } = await recents(many);
  expect(items()).toBe(50);
  on("history").dispatchEvent(new Event("scroll"));
  await settle();
  expect(items()).toBe(60);
  on("history").dispatchEvent(new Event("scroll"));
  await settle();
  expect(asked(core, "history")).toHaveLength(2);
});

test("a list that cannot be read says so", async () => {
  const { core, user } = await open();
  core.failing.history = { code: "HISTORY_FAILED", message: "" };
  await user.click(on("nav-history"));
  await settle();
  expect(on("history-error")).toHaveTextContent("can't be read");
});

test("who was called before is offered while one types, and filled in by a key", async () => {
  const { core, user } = await open();
  core.calls = [call({ name: "Daniel Otieno", detail: "+254 712 345 678" })];
  await user.type(on("dial-input"), "0712");
  await settle();
  expect(on("dial-suggestion")).toHaveTextContent("Daniel Otieno");
  await user.keyboard("{ArrowDown}{Enter}");
  await settle();
  expect(on("dial-input")).toHaveValue("+254 712 345 678");
  expect(on("dial-input")).toHaveFocus();
  expect(off("dial-suggestion")).toBeNull();
});

test("the stand-in keeps each call once", () => {
  const core = new PreviewCore();
  core.set({ call: newCall({ state: "ended", durationMs: 5 }) });
  core.setCall({ muted: true });
  expect(core.calls).toHaveLength(1);
});
