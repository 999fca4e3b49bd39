// What one can do and is told in the middle of a call.
import { beforeEach, expect, test, vi } from "vitest";
import type { CallView } from "../src/backend";
import { newCall } from "../src/backend/preview";
import { asked, off, on, open, pass, settle } from "./stage";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

const connected = (change: Partial<CallView> = {}) => ({
  call: newCall({ state: "connected", connectedForMs: 0, ...change }),
});
const status = () => on("call-status");
const said = () => on("call-said").textContent;

test("hold follows the core's word, and says who holds", async () => {
  const { core, user } = await open(connected());
  expect(on("call-hold")).toHaveAttribute("aria-pressed", "false");
  await user.click(on("call-hold"));
  await settle();
  expect(asked(core, "callHold")).toEqual([[core.current.call?.id, true]]);
  expect(on("call-hold")).toHaveAttribute("aria-pressed", "true");
  expect(on("call-hold")).toHaveAccessibleName("Resume");
  expect(status()).toHaveTextContent("On hold");
  expect(status()).toHaveAttribute("data-hold", "here");
  core.setCall({ heldByPeer: true });
  await settle();
  expect(status()).toHaveTextContent("On hold at both ends");
  core.setCall({ held: false });
  await settle();
  expect(status()).toHaveTextContent("Daniel Otieno put you on hold");
  expect(status()).toHaveAttribute("data-hold", "there");
  core.setCall({ heldByPeer: false });
  await settle();
  expect(status()).not.toHaveAttribute("data-hold");
});

test("a hold that the core refuses leaves the button as it was", async () => {
  const { core, user } = await open(connected());
  core.failing.callHold = { code: "NOT_AVAILABLE", message: "" };
  await user.click(on("call-hold"));
  await settle();
  expect(on("call-hold")).toHaveAttribute("aria-pressed", "false");
  expect(on("call-hold")).toBeEnabled();
});

test("nothing of it can be done before somebody answers", async () => {
  await open({ call: newCall({ state: "ringing" }) });
  for (const id of ["call-mute", "call-keypad", "call-sound", "call-hold"])
    expect(on(id)).toBeDisabled();
});

test("the digits that the core sent are shown, and no snapshot closes the keypad", async () => {
  const { core, user } = await open(connected({ digits: "12" }));
  await user.click(on("call-keypad"));
  expect(on("call-digits")).toHaveTextContent("12");
  await user.keyboard("3");
  await settle();
  expect(on("call-digits")).toHaveTextContent("123");
  core.setCall({ quality: { level: "fair", cause: "JITTER", side: "here" } });
  await settle();
  expect(on("call-digits")).toHaveTextContent("123");
  await user.keyboard("{Escape}");
  await settle();
  expect(off("call-digits")).toBeNull();
});

test("digits are sent one after another, however fast they are typed", async () => {
  const { core, user } = await open(connected());
  await user.click(on("call-keypad"));
  core.delay = 300;
  await user.keyboard("42#");
  await settle();
  expect(asked(core, "sendDigits").map(([, digit]) => digit)).toEqual(["4"]);
  await pass(1000);
  expect(asked(core, "sendDigits").map(([, digit]) => digit)).toEqual(["4", "2", "#"]);
});

test("a code is pasted with its pauses, and a comma is typed as one", async () => {
  const { core, user } = await open(connected());
  await user.click(on("call-keypad"));
  await user.paste("123-456, 78#");
  await user.keyboard("1,2");
  await user.paste("not a code");
  await settle();
  expect(asked(core, "sendDigits").map(([, digits]) => digits)).toEqual([
    ...["123456w78#", "1", "w", "2"],
  ]);
});

test("keys are not sent as digits while a sheet is open", async () => {
  const { core, user } = await open(connected());
  await user.click(on("call-keypad"));
  await user.click(on("call-quality"));
  await settle();
  await user.keyboard("5");
  expect(asked(core, "sendDigits")).toEqual([]);
});

test("who speaks while muted is shown it, and told it once in half a minute", async () => {
  const { core } = await open(connected({ muted: true }));
  expect(off("call-muted-hint")).toBeNull();
  core.setCall({ speakingWhileMuted: true });
  await settle();
  expect(on("call-muted-hint")).toHaveTextContent("You're muted. Nobody hears you.");
  expect(said()).toBe("You're muted. Nobody hears you.");
  core.setCall({ speakingWhileMuted: false });
  await pass(3900);
  expect(on("call-muted-hint")).toBeVisible();
  await pass(200);
  expect(off("call-muted-hint")).toBeNull();
  core.setCall({ speakingWhileMuted: true });
  await settle();
  expect(on("call-muted-hint")).toBeVisible();
  expect(said(), "it does not nag").toBe("");
  core.setCall({ speakingWhileMuted: false });
  await pass(30_000);
  core.setCall({ speakingWhileMuted: true });
  await settle();
  expect(said()).toBe("You're muted. Nobody hears you.");
  core.setCall({ muted: false, speakingWhileMuted: false });
  await settle();
  expect(off("call-muted-hint"), "unmuted, there is nothing to hint at").toBeNull();
  expect(said()).toBe("");
});

test("what befell a device is said for a while, and again only when it is something else", async () => {
  const { core } = await open(connected());
  const device = "Built-in Microphone";
  core.setCall({ notice: { code: "DEVICE_LOST", role: "microphone", device } });
  await settle();
  const words = "Your microphone went silent. Using Built-in Microphone now.";
  expect(on("call-notice")).toHaveTextContent(words);
  expect(said()).toBe(words);
  await pass(8100);
  expect(off("call-notice")).toBeNull();
  core.setCall({ muted: true });
  await settle();
  expect(off("call-notice"), "another snapshot is no news").toBeNull();
  core.setCall({ notice: { code: "DEVICE_BACK", role: "speaker", device: "" } });
  await settle();
  expect(on("call-notice")).toHaveTextContent("Your speaker is back.");
});

test("the devices are chosen from the call, and the sheet goes with the call", async () => {
  const { core, user } = await open(connected());
  await user.click(on("call-sound"));
  await settle();
  expect(on("sound-sheet")).toBeVisible();
  expect(on("sound-microphone")).toHaveTextContent("Built-in Microphone");
  expect(on("sound-microphone")).toHaveFocus();
  await user.keyboard("{Enter}");
  await settle();
  await user.keyboard("jab{Enter}");
  await settle();
  expect(asked(core, "setSound")).toEqual([[{ microphone: "m2" }]]);
  expect(on("sound-microphone")).toHaveTextContent("Jabra Evolve2 65");
  await pass(150);
  expect(on("sound-input")).toHaveAttribute("aria-valuenow");
  core.setCall({ state: "ended", reason: { code: "REMOTE_HUNG_UP", sentence: "They hung up." } });
  await settle();
  expect(off("sound-sheet")).toBeNull();
});

test("a chosen device that is not connected is named so, and one that cannot be had is told", async () => {
  const { core, user } = await open({
    ...connected(),
    sound: {
      ...{ microphone: "gone", speaker: null, ringer: null, volume: 100 },
      ...{ echo: true, noise: true, gain: true, dtx: false, lowDelay: false },
    },
  });
  core.failing.setSound = { code: "DEVICE_FAILED", message: "That device can't be used." };
  await user.click(on("call-sound"));
  await settle();
  expect(on("sound-microphone")).toHaveTextContent("Not connected");
  await user.keyboard("{Enter}jab{Enter}");
  await settle();
  expect(on("sound-error")).toHaveTextContent("That device can't be used.");
  expect(on("sound-microphone")).toHaveAttribute("data-value", "gone");
});

test("a volume that is dragged is sent as fast as the core takes it, and its last word counts", async () => {
  const { core, app } = await open(connected());
  core.delay = 50;
  for (const volume of [110, 120, 130, 140]) void app.sound.change({ volume });
  void app.sound.change({ speaker: "s2" });
  expect(app.sound.now).toMatchObject({ volume: 140, speaker: "s2" });
  await pass(200);
  expect(asked(core, "setSound")).toEqual([[{ volume: 110 }], [{ volume: 140, speaker: "s2" }]]);
  expect(core.current.sound).toMatchObject({ volume: 140, speaker: "s2" });
});

test("the quality mark leads to the figures, which can be copied", async () => {
  const { core, user } = await open(connected());
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await user.click(on("call-quality"));
  await settle();
  expect(on("stats-rtt")).toHaveTextContent("42 ms");
  expect(on("stats-path")).toHaveTextContent("Direct, through a router");
  expect(on("stats-codec")).toHaveTextContent("Opus, 32 kbit/s");
  core.stats = core.stats && { ...core.stats, rttMs: null, path: "relay" };
  await pass(1100);
  expect(on("stats-rtt")).toHaveTextContent("–");
  expect(on("stats-path")).toHaveTextContent("Through a relay");
  await user.click(on("stats-copy"));
  expect(write).toHaveBeenCalledWith(expect.stringContaining("Path: Through a relay"));
  await user.keyboard("{Escape}");
  await settle();
  expect(off("stats-sheet")).toBeNull();
  expect(on("call-quality")).toHaveFocus();
});

test("nobody asks for levels when nobody looks", async () => {
  const { core } = await open(connected());
  await pass(500);
  expect(asked(core, "levels").length).toBeGreaterThan(2);
  core.setCall({ state: "ended", reason: { code: "HUNG_UP", sentence: "You hung up." } });
  await settle();
  const before = asked(core, "levels").length;
  await pass(1000);
  expect(asked(core, "levels").length).toBe(before);
});
