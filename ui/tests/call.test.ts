import { beforeEach, expect, test, vi } from "vitest";
import type { CallView } from "../src/backend";
import { newCall } from "../src/backend/preview";
import { asked, off, on, open, pass, settle } from "./stage";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

const GOOD: CallView["quality"] = { level: "good", cause: null, side: null };
const state = () => on("call-status").dataset["state"];

test("each state of a call is on its status", async () => {
  const { core } = await open({ call: newCall() });
  for (const now of ["dialing", "ringing", "connecting", "connected", "reconnecting"] as const) {
    core.setCall({ state: now });
    await settle();
    expect(state()).toBe(now);
  }
});

test("no time runs before the call is connected", async () => {
  const { core } = await open({ call: newCall({ state: "ringing" }) });
  await pass(3000);
  expect(off("call-timer")).toBeNull();
  core.setCall({ state: "connecting" });
  await pass(3000);
  expect(off("call-timer")).toBeNull();
  core.setCall({ state: "connected", connectedForMs: 0 });
  await settle();
  expect(on("call-timer")).toHaveTextContent("00:00");
  await pass(2000);
  expect(on("call-timer")).toHaveTextContent("00:02");
});

test("a snapshot sets the time right", async () => {
  const { core } = await open({ call: newCall({ state: "connected", connectedForMs: 0 }) });
  await pass(1000);
  core.setCall({ connectedForMs: 61_000 });
  await settle();
  expect(on("call-timer")).toHaveTextContent("01:01");
});

test("an incoming call comes before whatever is shown, and is answered or declined", async () => {
  for (const [button, command] of [
    ["call-accept", "accept"],
    ["call-decline", "decline"],
  ] as const) {
    const { core, user, view } = await open();
    await user.click(on("nav-settings"));
    const call = newCall({ direction: "incoming", state: "incoming" });
    core.set({ call });
    await settle();
    expect(on("call-panel")).toBeVisible();
    expect(on("call-peer")).toHaveTextContent("Daniel Otieno");
    expect(on(button)).not.toHaveFocus();
    await user.click(on(button));
    expect(asked(core, command)).toEqual([[call.id]]);
    view.unmount();
  }
});

test("mute follows the core's word", async () => {
  const call = newCall({ state: "connected", connectedForMs: 0 });
  const { core, user } = await open({ call });
  expect(on("call-mute")).toHaveAttribute("aria-pressed", "false");
  await user.click(on("call-mute"));
  await settle();
  expect(asked(core, "setMuted")).toEqual([[call.id, true]]);
  expect(on("call-mute")).toHaveAttribute("aria-pressed", "true");
});

test("the keypad sends digits, clicked or typed", async () => {
  const call = newCall({ state: "connected", connectedForMs: 0 });
  const { core, user } = await open({ call });
  await user.keyboard("9");
  await user.click(on("call-keypad"));
  await user.click(on("key-1"));
  await user.keyboard("2#");
  expect(asked(core, "sendDigits")).toEqual([
    [call.id, "1"],
    [call.id, "2"],
    [call.id, "#"],
  ]);
});

test("quality is silent when all is well, and says the cause and whose side it is on when not", async () => {
  const { core } = await open({
    call: newCall({ state: "connected", connectedForMs: 0, quality: GOOD }),
  });
  expect(on("call-quality")).toHaveAttribute("data-level", "good");
  expect(on("call-quality")).toHaveTextContent("");
  const SAYS: [CallView["quality"], string][] = [
    [{ level: "poor", cause: "LOSS", side: "here" }, "Your network is losing sound"],
    [{ level: "fair", cause: "LOSS", side: "there" }, "Daniel Otieno's network is losing sound"],
    [{ level: "fair", cause: "LOSS", side: "network" }, "The network is losing sound"],
    [{ level: "fair", cause: "HIGH_RTT", side: "there" }, "Daniel Otieno's connection is slow"],
    [{ level: "fair", cause: "JITTER", side: null }, "The network is unsteady"],
    [{ level: "poor", cause: "MICROPHONE_SILENT", side: "here" }, "Your microphone is silent"],
    [{ level: "fair", cause: "CPU", side: "here" }, "This computer is busy"],
    [{ level: "fair", cause: null, side: null }, "The connection is not at its best"],
  ];
  for (const [quality, words] of SAYS) {
    core.setCall({ quality });
    await settle();
    expect(on("call-quality")).toHaveTextContent(words);
  }
  core.setCall({
    peer: { name: null, detail: "+254 712 345 678", care4wId: null },
    quality: { level: "fair", cause: "LOSS", side: "there" },
  });
  await settle();
  expect(on("call-quality")).toHaveTextContent("The other side's network is losing sound");
  core.setCall({ quality: GOOD });
  await settle();
  expect(on("call-quality")).toHaveTextContent("");
});

test("a call that ended does not go from under a hand", async () => {
  const { core } = await open({ call: newCall({ state: "connected", connectedForMs: 0 }) });
  // There are no pointer events in jsdom, and mouse events carry the same.
  const point = (testid: string, type: string, screenX: number) =>
    on(testid).dispatchEvent(new MouseEvent(type, { bubbles: true, screenX }));
  point("call-hangup", "pointermove", 5);
  core.setCall({ state: "ended", reason: { code: "HUNG_UP", sentence: "You hung up." } });
  await pass(0);
  // The pointer comes nearer: the screen waits for it, and for the focus.
  point("call-back", "pointermove", 9);
  await pass(60_000);
  expect(on("call-back")).toBeVisible();
  point("call-panel", "pointerleave", 9);
  on("call-done").focus();
  await pass(60_000);
  expect(on("call-done")).toBeVisible();
  on("call-done").blur();
  await pass(4_999);
  expect(on("call-done")).toBeVisible();
  await pass(2);
  expect(off("call-panel")).toBeNull();
});

test("a call that ended says why, and goes by itself after five seconds", async () => {
  const call = newCall({ state: "ringing" });
  const { core, user } = await open({ call });
  await user.click(on("call-hangup"));
  await settle();
  expect(state()).toBe("ended");
  expect(on("call-status")).toHaveTextContent("You hung up.");
  await pass(4900);
  expect(asked(core, "dismissCall")).toEqual([]);
  await pass(200);
  expect(asked(core, "dismissCall")).toEqual([[call.id]]);
  expect(off("call-panel")).toBeNull();
});

test("a click that comes just after the end of a call went presses nothing in its place", async () => {
  const { core, user } = await open({ call: newCall({ state: "connected", connectedForMs: 0 }) });
  core.setCall({ state: "ended", reason: { code: "HUNG_UP", sentence: "You hung up." } });
  await settle();
  await pass(5_000);
  expect(off("call-panel")).toBeNull();
  await user.click(on("key-1"));
  await settle();
  expect(on("dial-input")).toHaveValue("");
  await pass(400);
  await user.click(on("key-1"));
  await settle();
  expect(on("dial-input")).toHaveValue("1");
});

test("a running call is a strip on the other screens, and leads back", async () => {
  const { user } = await open({ call: newCall({ state: "connected", connectedForMs: 0 }) });
  await user.click(on("nav-history"));
  expect(off("call-panel")).toBeNull();
  await user.click(on("call-strip"));
  expect(on("call-panel")).toBeVisible();
});

test("the session's calls stand in recents and are called back", async () => {
  const { core, user } = await open();
  core.set({ call: newCall({ direction: "incoming", state: "incoming" }) });
  core.setCall({ state: "ended", reason: { code: "MISSED", sentence: "You missed a call." } });
  await pass(5000);
  await user.click(on("nav-history"));
  await settle();
  expect(on("history-item")).toHaveTextContent("Missed");
  await user.click(on("history-item"));
  await settle();
  expect(asked(core, "dial").at(-1)).toEqual([
    { text: "+254 712 345 678", country: "KE", confirmed: false },
  ]);
});

test("in a wide window the call stands beside every screen", async () => {
  window.innerWidth = 1000;
  const { user } = await open({ call: newCall({ state: "connected", connectedForMs: 0 }) });
  expect(on("call-panel")).toBeVisible();
  expect(on("dial-call")).toBeDisabled();
  await user.click(on("nav-settings"));
  expect(on("call-panel")).toBeVisible();
  expect(off("call-strip")).toBeNull();
});
