import { expect, test, vi } from "vitest";
import type { AppState } from "../src/backend";
import { newRing, PreviewCore } from "../src/backend/preview";
import { asked, off, on, open, pass, settle } from "./stage";

const NUMBER = "+254 712 345 678";
const empty = new PreviewCore().current;
const twilio: AppState["server"] = { ...empty.server, twilioActive: true };
const proved: AppState["phone"] = { ...empty.phone, verified: true };

test("it is offered for a number, where calls go over Twilio and one's own number is proved", async () => {
  const { core, app } = await open({ server: twilio, phone: proved });
  expect(off("dial-ring")).toBeNull();
  await app.dialler.type(NUMBER, NUMBER.length);
  await settle();
  expect(on("dial-ring")).toHaveAccessibleName("Ring my phone");
  await app.dialler.type("care4w-DNL2345", 14);
  await settle();
  expect(off("dial-ring")).toBeNull();
  await app.dialler.type(NUMBER, NUMBER.length);
  for (const missing of [{ server: empty.server }, { phone: empty.phone }]) {
    core.set({ server: twilio, phone: proved, ...missing });
    await settle();
    expect(off("dial-ring")).toBeNull();
  }
});

test("one reads how far it is, and takes it back", async () => {
  const { core, app, user } = await open({ server: twilio, phone: proved });
  await app.dialler.type(NUMBER, NUMBER.length);
  await settle();
  await user.click(on("dial-ring"));
  await settle();
  expect(asked(core, "ringMyPhone")).toEqual([[NUMBER, "KE"]]);
  expect(on("ring-peer")).toHaveTextContent("Daniel Otieno");
  for (const [state, said] of [
    ["callingYou", "Calling your phone…"],
    ["ringingYou", "Ringing your phone. Answer it."],
    ["callingThem", "Calling Daniel Otieno…"],
    ["ringingThem", "Ringing Daniel Otieno…"],
    ["connected", "Connected. You talk on your phone."],
  ] as const) {
    core.setRing({ state });
    await settle();
    expect(on("ring-status")).toHaveTextContent(said);
    expect(on("ring-status")).toHaveAttribute("data-state", state);
  }
  await user.click(on("ring-cancel"));
  await settle();
  expect(asked(core, "ringCancel")).toHaveLength(1);
  expect(on("ring-status")).toHaveTextContent("You cancelled the call.");
  await user.click(on("ring-done"));
  await settle();
  expect(off("ring-panel")).toBeNull();
});

test("each end has words of its own", async () => {
  const { core } = await open({ ring: newRing() });
  const said = new Set<string>();
  const codes = [
    "FINISHED",
    "CANCELLED",
    "YOU_DID_NOT_ANSWER",
    "YOU_WERE_BUSY",
    "BUSY",
    "NO_ANSWER",
    "FAILED",
  ];
  for (const code of codes) {
    core.setRing({ state: "ended", reason: { code, sentence: "" } });
    await settle();
    said.add(on("ring-status").textContent);
  }
  expect(said.size).toBe(codes.length);
  expect(said).not.toContain("Call ended");
});

test("what could not be begun or ended is said", async () => {
  const { core, app, user } = await open({ server: twilio, phone: proved });
  core.failing = { ringMyPhone: { code: "RING_UNAVAILABLE", message: "" } };
  await app.dialler.type(NUMBER, NUMBER.length);
  await settle();
  await user.click(on("dial-ring"));
  await settle();
  expect(on("dial-error")).toHaveTextContent("Your phone can't be called right now.");
  core.set({ ring: newRing({ state: "ringingYou" }) });
  core.failing = { ringCancel: { code: "OFFLINE", message: "You're offline." } };
  await settle();
  await user.click(on("ring-cancel"));
  await settle();
  expect(on("ring-error")).toBeVisible();
  expect(on("ring-cancel")).toBeEnabled();
});

test("nothing else is called meanwhile, and the end goes by itself", async () => {
  vi.useFakeTimers();
  const { core, app } = await open({ ring: newRing() });
  core.set({ ring: newRing({ state: "ended", reason: { code: "BUSY", sentence: "" } }) });
  await settle();
  expect(on("ring-panel")).toBeVisible();
  await pass(6000);
  expect(off("ring-panel")).toBeNull();
  expect(app.core.ring).toBeNull();
  vi.useRealTimers();
});
