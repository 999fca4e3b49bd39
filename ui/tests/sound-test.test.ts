// The test before the first call, and the sound in the settings.
import { beforeEach, expect, test, vi } from "vitest";
import { newCall } from "../src/backend/preview";
import { asked, off, on, open, pass, settle } from "./stage";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

test("it is offered before the first call, until it was taken, refused or a call went well", async () => {
  for (const settled of ["taken", "refused", "called"] as const) {
    localStorage.clear();
    const first = await open();
    expect(on("sound-test-offer")).toBeVisible();
    if (settled === "taken") await first.user.click(on("sound-test-take"));
    else if (settled === "refused") await first.user.click(on("sound-test-refuse"));
    else {
      first.core.set({ call: newCall({ state: "connected", connectedForMs: 0 }) });
      await settle();
      first.core.set({ call: null });
    }
    await settle();
    expect(off("sound-test-offer"), settled).toBeNull();
    first.view.unmount();
    const later = await open();
    expect(off("sound-test-offer"), `${settled}, the next day`).toBeNull();
    later.view.unmount();
  }
});

test("one hears oneself, and is told what came of it", async () => {
  const { core, user } = await open();
  await user.click(on("sound-test-take"));
  await settle();
  await user.click(on("sound-test-microphone-start"));
  await pass(200);
  expect(asked(core, "soundTestStart")).toEqual([["microphone"]]);
  expect(on("sound-test-microphone")).toHaveAttribute("data-state", "recording");
  expect(Number(on("test-input").getAttribute("aria-valuenow"))).toBeGreaterThan(0);
  await pass(3000);
  expect(on("sound-test-microphone")).toHaveAttribute("data-state", "playing");
  await pass(3000);
  expect(on("sound-test-microphone")).toHaveAttribute("data-state", "done");
  expect(on("sound-test-microphone")).toHaveTextContent("Your microphone works.");
});

test("what cannot be tested says why, in the part that it belongs to", async () => {
  const { core, user } = await open();
  core.failing.soundTestStart = { code: "NO_MICROPHONE", message: "" };
  await user.click(on("sound-test-take"));
  await settle();
  await user.click(on("sound-test-microphone-start"));
  await settle();
  expect(on("sound-test-microphone")).toHaveAttribute("data-state", "failed");
  expect(on("sound-test-microphone")).toHaveTextContent("No microphone found.");
  expect(on("sound-test-speaker")).toHaveAttribute("data-state", "idle");
});

test("a call that comes ends the test, and the core stops listening", async () => {
  const { core, user } = await open();
  await user.click(on("sound-test-take"));
  await settle();
  await user.click(on("sound-test-microphone-start"));
  await pass(200);
  core.set({ call: newCall({ direction: "incoming", state: "incoming" }) });
  await settle();
  expect(off("sound-test")).toBeNull();
  expect(asked(core, "soundTestStop")).toHaveLength(1);
  const before = asked(core, "soundTest").length;
  await pass(1000);
  expect(asked(core, "soundTest")).toHaveLength(before);
});

test("the settings keep devices, volume and what is done to the voice", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await settle();
  expect(on("settings-speaker")).toHaveTextContent("Built-in Speakers");
  await user.click(on("settings-noise"));
  await settle();
  expect(asked(core, "setSound")).toEqual([[{ noise: false }]]);
  expect(on("settings-noise")).toHaveAttribute("data-state", "unchecked");
  expect(on("settings-echo")).toHaveAttribute("data-state", "checked");
  expect(off("settings-input"), "no microphone is open out of a call").toBeNull();
  await user.click(on("settings-sound-test"));
  await settle();
  expect(on("sound-test")).toBeVisible();
});
