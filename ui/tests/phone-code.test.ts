// The step in which the number is proved.
import { beforeEach, expect, test, vi } from "vitest";
import type { Problem } from "../src/backend";
import { CODE, SCENARIOS } from "../src/backend/preview";
import { asked, deferred, off, on, open, pass, settle } from "./stage";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

async function step(scenario = "code") {
  // The scenario's clock was read when it was written down.
  const given = structuredClone(SCENARIOS[scenario]!);
  const now = Math.floor(Date.now() / 1000);
  if (given.phone?.code) given.phone.code = { expiresAt: now + 600, resendAt: now + 45 };
  const stage = await open(given);
  await pass(50);
  const input = () => on("phone-code") as HTMLInputElement;
  const state = () => on("phone-status").dataset["state"];
  return { ...stage, input, state };
}

test("saving a number on a server that verifies asks for the code in the same modal", async () => {
  const { user, core } = await step("prompt-verified");
  await user.type(on("phone-input"), "0712345678");
  await pass(600);
  await user.click(on("phone-save"));
  await pass(50);
  expect(on("phone-modal")).toHaveTextContent("Enter the code");
  expect(on("phone-modal")).toHaveTextContent("Sent to +254 712 345 678");
  expect(on("phone-code")).toHaveFocus();
  await user.keyboard(CODE);
  await pass(100);
  expect(on("phone-status")).toHaveTextContent("Verified.");
  await pass(1200);
  expect(off("phone-modal")).toBeNull();
  expect(core.current.phone).toMatchObject({ verified: true, pending: null });
});

test("the sixth digit sends the code by itself, and not a key before", async () => {
  const { core, user } = await step();
  await user.keyboard("31415");
  await settle();
  expect(asked(core, "phoneVerify")).toEqual([]);
  expect(on("phone-verify")).toBeDisabled();
  await user.keyboard("9");
  await settle();
  expect(asked(core, "phoneVerify")).toEqual([["314159"]]);
});

test.each([
  ["314 159"],
  ["314-159"],
  ["Your code is 314159."],
  ["٣١٤١٥٩"],
  ["３１４１５９"],
  ["۳۱۴۱۵۹"],
])("a pasted %s is the code", async (pasted) => {
  const { core, user } = await step();
  await user.paste(pasted);
  await settle();
  expect(asked(core, "phoneVerify")).toEqual([["314159"]]);
});

test("letters do not stay in the boxes, and Backspace takes one digit", async () => {
  const { input, user } = await step();
  await user.keyboard("3a1b");
  await settle();
  expect(input()).toHaveValue("31");
  await user.keyboard("{Backspace}");
  await settle();
  expect(input()).toHaveValue("3");
});

test("a wrong code is said to be wrong and the boxes are empty again", async () => {
  const { input, state, user } = await step();
  await user.keyboard("000000");
  await pass(10);
  expect(state()).toBe("invalid");
  expect(on("phone-status")).toHaveTextContent("That's not the code. Check the digits.");
  expect(input()).toHaveValue("");
  expect(input()).toHaveAttribute("aria-invalid", "true");
  await user.keyboard("3");
  await settle();
  expect(state()).toBe("empty");
});

const FAILURES: [Problem, string, string][] = [
  [{ code: "CODE_EXPIRED", message: "" }, "invalid", "The code has expired."],
  [{ code: "RATE_LIMITED", message: "", retryAfter: 480 }, "limited", "Try again in 8 minutes."],
  [{ code: "OFFLINE", message: "" }, "offline", "You're offline."],
  [
    { code: "PHONE_ALREADY_EXISTS", message: "" },
    "error",
    "That number belongs to another account.",
  ],
  [{ code: "UNAVAILABLE", message: "" }, "error", "The server is busy or starting."],
];
test.each(FAILURES)("a code that fails with $code is said so", async (problem, shown, words) => {
  const { core, state, user } = await step();
  core.failing.phoneVerify = problem;
  await user.keyboard("000000");
  await pass(10);
  expect(state()).toBe(shown);
  expect(on("phone-status")).toHaveTextContent(words);
});

test("another code can be had when the countdown is over", async () => {
  const { core, user } = await step();
  expect(on("phone-resend")).toBeDisabled();
  expect(on("phone-resend")).toHaveTextContent("Send a new code in 0:45");
  await pass(3000);
  expect(on("phone-resend")).toHaveTextContent("Send a new code in 0:42");
  await pass(42_000);
  expect(on("phone-resend")).toHaveTextContent(/^Send a new code$/);
  await user.click(on("phone-resend"));
  await pass(10);
  expect(asked(core, "phoneResend")).toHaveLength(1);
  expect(on("phone-status")).toHaveTextContent("A new code is on its way.");
  expect(on("phone-resend")).toBeDisabled();
  expect(on("phone-code")).toHaveFocus();
});

test("a code that has expired says so without being asked about", async () => {
  const { core, state } = await step();
  await pass(600_000);
  expect(state()).toBe("invalid");
  expect(on("phone-status")).toHaveTextContent("The code has expired. Have a new one sent.");
  expect(asked(core, "phoneVerify")).toEqual([]);
  expect(on("phone-resend")).toBeEnabled();
});

test("after too many sends it is said how long to wait", async () => {
  const { core, state, user } = await step("code-later");
  core.failing.phoneResend = {
    ...{ code: "RATE_LIMITED", message: "", retryAfter: 540 },
  };
  await user.click(on("phone-resend"));
  await pass(10);
  expect(state()).toBe("limited");
  expect(on("phone-status")).toHaveTextContent("Try again in 9 minutes.");
});

test("a late answer about an older code is ignored", async () => {
  const { core, state, user } = await step("code-later");
  const late = deferred<null>();
  vi.spyOn(core.commands, "phoneVerify").mockReturnValueOnce(late.promise);
  await user.keyboard("000000");
  await settle();
  expect(state()).toBe("checking");
  late.reject({ code: "INVALID_CODE", message: "" });
  await pass(10);
  expect(state()).toBe("invalid");
});

test("the number can be changed, and a claim can be left for later", async () => {
  const { core, user } = await step();
  await user.click(on("phone-change"));
  await pass(10);
  expect(on("phone-input")).toHaveFocus();
  expect(off("phone-code")).toBeNull();
  await user.keyboard("0722333444");
  await pass(600);
  await user.click(on("phone-save"));
  await pass(10);
  expect(on("phone-modal")).toHaveTextContent("Sent to +254 722 333 444");
  await user.click(on("phone-skip"));
  await pass(500);
  expect(asked(core, "phoneSkip")).toHaveLength(1);
  expect(off("phone-modal")).toBeNull();
});

test("settings say that a number waits and open the code again", async () => {
  const { user } = await step("code-skipped");
  await user.click(on("nav-settings"));
  await settle();
  expect(on("settings")).toHaveTextContent("+254 712 345 678 waits for its code.");
  await user.click(on("settings-phone-verify"));
  await pass(50);
  expect(on("phone-code")).toBeVisible();
});

test("with codes in the log, one is told whom to ask", async () => {
  await step("code-log");
  expect(on("phone-modal")).toHaveTextContent("Ask whoever runs this server for the code.");
});

test("a number that somebody has and never proved can be claimed", async () => {
  const { user, state } = await step("prompt-verified");
  await user.type(on("phone-input"), "0700000001");
  await pass(600);
  expect(state()).toBe("available");
  expect(on("phone-status")).toHaveTextContent("If it is yours, verify it to claim it.");
  expect(on("phone-save")).toBeEnabled();
});

test("who loses the number to somebody who proved it is told, and gives another", async () => {
  const { core, user } = await step();
  const { phone } = core.current;
  core.set({ phone: { ...phone, pending: null, code: null, lost: "+254 712 345 678" } });
  await pass(50);
  expect(on("phone-lost")).toHaveTextContent("+254 712 345 678 isn't yours any more");
  expect(on("phone-input")).toHaveFocus();
  await user.keyboard("0722333444");
  await pass(600);
  await user.click(on("phone-save"));
  await pass(50);
  expect(on("phone-modal")).toHaveTextContent("Sent to +254 722 333 444");
});
