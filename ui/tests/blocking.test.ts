// Blocking a person: from a call, from recents, by id; and letting them through again.
import { expect, test } from "vitest";
import type { CallView } from "../src/backend";
import { AMINA, ECHO_LINE, newCall } from "../src/backend/preview";
import { asked, off, on, open, settle } from "./stage";

const NEEMA = { name: "Neema Mushi", detail: "care4w-NEE2345", care4wId: "care4w-NEE2345" };
const incoming = (change: Partial<CallView> = {}) =>
  newCall({ direction: "incoming", state: "incoming", peer: NEEMA, ...change });

async function missed() {
  const stage = await open();
  const call = incoming();
  stage.core.set({ call });
  stage.core.setCall({ state: "ended", reason: { code: "MISSED", sentence: "Missed." } });
  stage.core.set({ call: null });
  await settle();
  return stage;
}

test("who called is blocked from recents after one question, and let through again there", async () => {
  const { core, user } = await missed();
  await user.click(on("nav-history"));
  on("history-more").focus();
  await user.keyboard("{Enter}");
  await settle();
  await user.click(on("history-block"));
  await settle();
  expect(asked(core, "block")).toEqual([]);
  expect(on("block-person")).toHaveTextContent("Block Neema Mushi?");
  expect(on("block-person")).toHaveTextContent("Care4W doesn't tell them.");
  expect(on("block-person")).not.toHaveTextContent("ringing");
  await user.click(on("block-person-confirm"));
  await settle();
  expect(asked(core, "block")).toEqual([[NEEMA.care4wId, NEEMA.name]]);
  expect(off("block-person")).toBeNull();
  expect(on("said")).toHaveTextContent("Neema Mushi is blocked.");
  expect(on("history-item")).toHaveTextContent("Blocked");
  await user.click(on("history-more"));
  await settle();
  await user.click(on("history-unblock"));
  await settle();
  expect(asked(core, "unblock")).toEqual([[NEEMA.care4wId]]);
  expect(on("history-item")).not.toHaveTextContent("Blocked");
});

test("a call that rings goes without a word once its caller is blocked, and not before", async () => {
  const call = incoming();
  const { core, user } = await open({ call });
  await user.click(on("call-block"));
  await settle();
  expect(on("block-person")).toHaveTextContent("Their call stops ringing here.");
  expect(asked(core, "decline")).toEqual([]);
  await user.click(on("block-person-confirm"));
  await settle();
  expect(asked(core, "block")).toEqual([[NEEMA.care4wId, NEEMA.name]]);
  expect(asked(core, "decline")).toEqual([[call.id]]);
  expect(off("call-panel")).toBeNull();
});

test("a refusal is said in the question, which stays; the call rings on", async () => {
  const { core, user } = await open({ call: incoming() });
  core.failing.block = { code: "OFFLINE", message: "" };
  await user.click(on("call-block"));
  await user.click(on("block-person-confirm"));
  await settle();
  expect(on("block-person-error")).toHaveTextContent("The server doesn't answer.");
  expect(asked(core, "decline")).toEqual([]);
});

test("nobody is offered who cannot be blocked: oneself, the echo line, a number without an id", async () => {
  for (const care4wId of [AMINA.care4wId, ECHO_LINE, null]) {
    const peer = { name: "Somebody", detail: "+254 733 123 456", care4wId };
    const { view } = await open({ call: incoming({ state: "ended", peer }) });
    expect(off("call-block")).toBeNull();
    view.unmount();
  }
});

test("who was called is not offered to be blocked when the call is over", async () => {
  await open({ call: newCall({ state: "ended" }) });
  expect(on("call-back")).toBeVisible();
  expect(off("call-block")).toBeNull();
});

test("in the middle of a call nobody is offered to be blocked", async () => {
  await open({ call: incoming({ state: "connected", connectedForMs: 0 }) });
  expect(off("call-block")).toBeNull();
});

test("another call that begins puts the question away", async () => {
  const { core, user } = await open({ call: incoming({ state: "ended" }) });
  await user.click(on("call-block"));
  await settle();
  expect(on("block-person")).toBeVisible();
  core.set({ call: incoming() });
  await settle();
  expect(off("block-person")).toBeNull();
});

async function blockedPeople(...ids: string[]) {
  const stage = await open();
  stage.core.blockedPeople = ids.map((care4wId, index) => ({
    care4wId,
    displayName: index === 0 ? "Neema Mushi" : null,
    blockedAt: "2026-11-20T12:00:00Z",
  }));
  await stage.user.click(on("nav-settings"));
  await settle();
  await stage.user.click(on("settings-blocked"));
  await settle();
  return stage;
}

test("the blocked are listed with name, id and day, and unblocked by keyboard one after another", async () => {
  const { core, user, view } = await blockedPeople("care4w-NEE2345", "care4w-X4T9PPA");
  const [first, second] = view.getAllByTestId("blocked-item");
  expect(first).toHaveTextContent("Neema Mushi");
  expect(first).toHaveTextContent("care4w-NEE2345");
  expect(first).toHaveTextContent(/Since .*2026/);
  expect(second).toHaveTextContent("care4w-X4T9PPA");
  view.getAllByTestId("blocked-unblock")[0]!.focus();
  await user.keyboard("{Enter}");
  await settle();
  await settle();
  expect(asked(core, "unblock")).toEqual([["care4w-NEE2345"]]);
  expect(on("said")).toHaveTextContent("Neema Mushi can reach you again.");
  expect(on("blocked-unblock")).toHaveFocus();
  await user.keyboard("{Enter}");
  await settle();
  expect(on("blocked-none")).toBeVisible();
});

test("back and Escape lead to the settings, with the focus where one came from", async () => {
  const { user } = await blockedPeople("care4w-NEE2345");
  await user.keyboard("{Escape}");
  await settle();
  expect(on("settings-blocked")).toHaveFocus();
  expect(on("settings-blocked")).toHaveTextContent("1");
  await user.keyboard("{Enter}");
  await settle();
  await user.click(on("blocked-back"));
  await settle();
  expect(on("settings-blocked")).toHaveFocus();
});

test("somebody is blocked by id, named before they are", async () => {
  const { core, user } = await blockedPeople();
  await user.type(on("block-input"), "care4w-dnl2345{Enter}");
  await settle();
  expect(on("block-person")).toHaveTextContent("Block Daniel Otieno?");
  await user.click(on("block-person-confirm"));
  await settle();
  expect(asked(core, "block")).toEqual([["care4w-DNL2345", "Daniel Otieno"]]);
  expect(on("blocked-item")).toHaveTextContent("Daniel Otieno");
  expect(on("block-input")).toHaveValue("");
});

test("what is no id, nobody's, or blocked already is said under the field", async () => {
  const { core, user } = await blockedPeople("care4w-DNL2345");
  for (const [typed, words] of [
    ["0712345678", "Enter a Care4W ID"],
    ["care4w-NBD2345", "Nobody has this Care4W ID."],
    ["care4w-dnl2345", "You have blocked them already."],
  ] as const) {
    await user.clear(on("block-input"));
    await user.type(on("block-input"), `${typed}{Enter}`);
    await settle();
    expect(on("block-error")).toHaveTextContent(words);
    expect(on("block-input")).toBeInvalid();
    expect(on("block-input")).toHaveFocus();
  }
  expect(off("block-person")).toBeNull();
  expect(asked(core, "block")).toEqual([]);
});

test("one's own id is said to be one's own", async () => {
  const { core, user } = await blockedPeople();
  const me = core.current.session.user!;
  core.commands.lookup = () =>
    Promise.resolve({
      status: "found",
      name: me.displayName,
      care4wId: me.care4wId,
      region: null,
      confirm: false,
      isSelf: true,
    });
  await user.type(on("block-input"), `${me.care4wId}{Enter}`);
  await settle();
  expect(on("block-error")).toHaveTextContent("That's you.");
  expect(on("block-input")).toHaveFocus();
  expect(off("block-person")).toBeNull();
});

test("a list that changed on another device is fetched again", async () => {
  const { core, view } = await blockedPeople("care4w-NEE2345");
  core.blockedPeople = [];
  core.set({ blockedRevision: core.current.blockedRevision + 1 });
  await settle();
  expect(view.queryAllByTestId("blocked-item")).toEqual([]);
});

test("a list that cannot be fetched says why instead of saying that nobody is blocked", async () => {
  const { core, user } = await open();
  core.failing.blocked = { code: "OFFLINE", message: "" };
  await user.click(on("nav-settings"));
  await user.click(on("settings-blocked"));
  await settle();
  expect(on("blocked-error")).toHaveTextContent("The server doesn't answer.");
  expect(off("blocked-none")).toBeNull();
});
