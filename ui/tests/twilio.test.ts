import { expect, test } from "vitest";
import { newCall } from "../src/backend/preview";
import { asked, off, on, open, settle } from "./stage";

test("where the server's calls go over Twilio, free calls first are the person's wish", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await settle();
  expect(off("settings-free-calls")).toBeNull();
  core.set({ server: { ...core.current.server, twilioActive: true } });
  await settle();
  expect(on("settings-free-calls")).not.toBeChecked();
  await user.click(on("settings-free-calls"));
  await settle();
  expect(asked(core, "setFreeCalls")).toEqual([[true]]);
  expect(on("settings-free-calls")).toBeChecked();
  expect(document.body).toHaveTextContent("not yet confirmed against the live service");
});

test("a call that goes by another way than it began says so until it rings", async () => {
  const { core } = await open({ call: newCall({ state: "dialing" }) });
  expect(on("call-status")).toHaveTextContent("Calling…");
  core.setCall({ insteadOf: "twilio" });
  await settle();
  expect(on("call-status")).toHaveTextContent("Twilio can't be reached. Calling over Care4W…");
  core.setCall({ insteadOf: "p2p", backend: "twilio" });
  await settle();
  expect(on("call-status")).toHaveTextContent("Not at their computer. Calling their phone…");
  core.setCall({ state: "ringing" });
  await settle();
  expect(on("call-status")).toHaveTextContent("Ringing…");
});
