// Do not disturb: chosen in the settings, seen everywhere, ended from there.
import { expect, test } from "vitest";
import { asked, off, on, open, settle } from "./stage";

test("who does not want to be disturbed sees so wherever they are, and ends it there", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await user.click(on("settings-do-not-disturb"));
  expect(asked(core, "setDoNotDisturb")).toEqual([["ever"]]);
  await settle();
  await user.click(on("nav-phone"));
  expect(on("do-not-disturb-notice")).toHaveTextContent("calls don't ring here");
  await user.click(on("do-not-disturb-off"));
  await settle();
  expect(off("do-not-disturb-notice")).toBeNull();
  expect(core.current.doNotDisturb.on).toBe(false);
});

test("an hour of it says until when", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await user.click(on("settings-do-not-disturb-hour"));
  await settle();
  expect(asked(core, "setDoNotDisturb")).toEqual([["hour"]]);
  expect(on("settings")).toHaveTextContent(/Until \d/);
  expect(off("settings-do-not-disturb-hour")).toBeNull();
  expect(on("settings-do-not-disturb")).toBeChecked();
});

test("until morning is asked for and says until when", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await user.click(on("settings-do-not-disturb-morning"));
  await settle();
  expect(asked(core, "setDoNotDisturb")).toEqual([["morning"]]);
  expect(on("settings")).toHaveTextContent(/Until \S/);
  expect(off("settings-do-not-disturb-morning")).toBeNull();
});
