import { beforeEach, expect, test, vi } from "vitest";
import type { Problem } from "../src/backend";
import { newCall, SCENARIOS } from "../src/backend/preview";
import { asked, deferred, off, on, open, pass, settle } from "./stage";

const PROMPT = {
  phone: SCENARIOS["prompt"]!.phone!,
};

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

async function prompt() {
  const stage = await open(PROMPT);
  await pass(50);
  const input = on("phone-input") as HTMLInputElement;
  const state = () => on("phone-status").dataset["state"];
  const type = async (text: string) => {
    await stage.user.type(input, text);
    await settle();
  };
  return { ...stage, input, state, type };
}

test("the modal opens by itself when the core says so, and closes when the core says so", async () => {
  const { core } = await prompt();
  expect(on("phone-modal")).toBeVisible();
  expect(on("phone-input")).toHaveFocus();
  core.set({ phone: { ...core.current.phone, promptOpen: false } });
  await pass(500);
  expect(off("phone-modal")).toBeNull();
});

test("nothing typed is the state empty, and nothing can be saved", async () => {
  const { state } = await prompt();
  expect(state()).toBe("empty");
  expect(on("phone-save")).toBeDisabled();
});

test("an unfinished number is invalid and is not asked about", async () => {
  const { core, state, type } = await prompt();
  await type("0712");
  await pass(2000);
  expect(state()).toBe("invalid");
  expect(asked(core, "phoneCheck")).toEqual([]);
  expect(on("phone-save")).toBeDisabled();
});

test("a possible number is asked about once the keys have rested for half a second", async () => {
  const { core, state, type } = await prompt();
  await type("0712345678");
  expect(state()).toBe("checking");
  await pass(499);
  expect(asked(core, "phoneCheck")).toHaveLength(0);
  await pass(1);
  expect(asked(core, "phoneCheck")).toEqual([["0712 345 678", "KE"]]);
  expect(state()).toBe("available");
  expect(on("phone-save")).toBeEnabled();
});

test("leaving the field asks at once", async () => {
  const { core, state, type, user } = await prompt();
  await type("0712345678");
  await user.tab();
  await settle();
  expect(asked(core, "phoneCheck")).toHaveLength(1);
  expect(state()).toBe("available");
});

test("typing on cancels the question", async () => {
  const { core, type } = await prompt();
  await type("071234567");
  await pass(300);
  await type("8");
  await pass(300);
  expect(asked(core, "phoneCheck")).toHaveLength(0);
});

test("a late answer about an older number is ignored", async () => {
  const { core, state, type } = await prompt();
  const late = deferred<Awaited<ReturnType<typeof core.commands.phoneCheck>>>();
  const check = vi.spyOn(core.commands, "phoneCheck").mockReturnValueOnce(late.promise);
  await type("0712345678");
  await pass(500);
  expect(check).toHaveBeenCalledOnce();
  await type("9");
  await pass(500);
  expect(state()).toBe("available");
  late.resolve({ available: false, claimable: false, message: "" });
  await pass(10);
  expect(state()).toBe("available");
});

test("a late formatting of an older text does not overwrite what was typed since", async () => {
  const { core, input, type } = await prompt();
  const late = deferred<Awaited<ReturnType<typeof core.commands.phonePreview>>>();
  vi.spyOn(core.commands, "phonePreview").mockReturnValueOnce(late.promise);
  await type("0");
  await type("7");
  late.resolve({ text: "0", caret: 1, country: "KE", state: "invalid", reason: null, full: null });
  await settle();
  expect(input).toHaveValue("07");
});

test("a number of another account is taken and cannot be saved", async () => {
  const { state, type } = await prompt();
  await type("0700000000");
  await pass(500);
  expect(state()).toBe("taken");
  expect(on("phone-status")).toHaveTextContent("That number belongs to another account.");
  expect(on("phone-save")).toBeDisabled();
});

const FAILURES: [Problem["code"], string, boolean][] = [
  ["RATE_LIMITED", "limited", true],
  ["OFFLINE", "offline", false],
  ["INVALID_PHONE", "invalid", false],
  ["SERVER_ERROR", "error", true],
];
test.each(FAILURES)("a check that fails with %s is shown as %s", async (code, shown, maySave) => {
  const { core, state, type } = await prompt();
  core.failing.phoneCheck = { code, message: "" };
  await type("0712345678");
  await pass(500);
  expect(state()).toBe(shown);
  expect((on("phone-save") as HTMLButtonElement).disabled).toBe(!maySave);
});

test("what could not be asked offline is asked when one is back", async () => {
  const { core, state, type } = await prompt();
  core.set({ connection: "offline" });
  core.failing.phoneCheck = { code: "OFFLINE", message: "" };
  await type("0712345678");
  await pass(500);
  expect(state()).toBe("offline");
  core.failing = {};
  core.set({ connection: "online" });
  await pass(10);
  expect(state()).toBe("available");
});

test("saving goes through saving to a closed modal with the number in settings", async () => {
  const { core, state, type, user } = await prompt();
  await type("0712345678");
  await pass(500);
  core.delay = 100;
  await user.click(on("phone-save"));
  expect(state()).toBe("saving");
  await pass(100);
  expect(state()).toBe("saved");
  await pass(1200);
  expect(asked(core, "phoneSave")).toEqual([["0712 345 678", "KE"]]);
  expect(off("phone-modal")).toBeNull();
  await user.click(on("nav-settings"));
  await settle();
  expect(on("settings-phone")).toHaveTextContent("+254 712 345 678");
});

test("a number lost to somebody else in the same instant is taken", async () => {
  const { core, state, type, user } = await prompt();
  await type("0712345678");
  await pass(500);
  core.failing.phoneSave = { code: "PHONE_ALREADY_EXISTS", message: "" };
  await user.click(on("phone-save"));
  await pass(10);
  expect(state()).toBe("taken");
});

test("a pasted country code chooses the country", async () => {
  const { input, user } = await prompt();
  input.focus();
  await user.paste("+255 754 321 987");
  await pass(10);
  expect(on("phone-country").dataset["value"]).toBe("TZ");
});

test("the caret stays behind the digit that was typed", async () => {
  const { input, type, user } = await prompt();
  await type("0712345678");
  input.setSelectionRange(4, 4);
  await user.keyboard("9");
  await settle();
  expect(input).toHaveValue("0712 934 567 8");
  expect(input.selectionStart).toBe(6);
});

test("skip, never and Escape each tell the core, once", async () => {
  for (const [act, command] of [
    ["phone-skip", "phoneSkip"],
    ["phone-never", "phoneNever"],
    ["Escape", "phoneSkip"],
  ] as const) {
    const { core, user, view } = await prompt();
    if (act === "Escape") await user.keyboard("{Escape}");
    else await user.click(on(act));
    await pass(500);
    expect(asked(core, command)).toHaveLength(1);
    view.unmount();
  }
});

test("a country is chosen by typing its name and Enter", async () => {
  const { core, type, user } = await prompt();
  await type("0712345678");
  await user.click(on("phone-country"));
  await pass(50);
  await user.keyboard("Tanz{Enter}");
  await pass(600);
  expect(on("phone-country").dataset["value"]).toBe("TZ");
  expect(asked(core, "phoneCheck").at(-1)).toEqual(["0712 345 678", "TZ"]);
});

test("how long to wait is counted down, and then it is asked again", async () => {
  const { core, state, type } = await prompt();
  core.failing.phoneCheck = { code: "RATE_LIMITED", message: "", retryAfter: 40 };
  await type("0712345678");
  await pass(500);
  expect(state()).toBe("limited");
  expect(on("phone-status")).toHaveTextContent("Try again in 40 s.");
  expect(on("phone-save")).toBeDisabled();
  await pass(2000);
  const [seen, read] = on("phone-status").querySelectorAll("span");
  expect(seen).toHaveTextContent(/Try again in 3\d s\./);
  expect(read, "a countdown is not read out each second").toHaveTextContent("in 40 s.");
  core.failing = {};
  await pass(39_000);
  expect(asked(core, "phoneCheck")).toHaveLength(2);
  expect(state()).toBe("available");
});

test("a verdict is read out once the keys rest, and not at each of them", async () => {
  const { type } = await prompt();
  const read = () => on("phone-status").querySelector(".spoken");
  await type("0712");
  expect(on("phone-status")).toHaveTextContent("too short");
  expect(read()?.textContent).toBe("");
  await pass(500);
  expect(read()).toHaveTextContent("too short");
});

test("a country that is chosen takes the place of the one that the text names", async () => {
  const { core, input, user } = await prompt();
  input.focus();
  await user.paste("+255754321987");
  await pass(10);
  await user.click(on("phone-country"));
  await pass(50);
  await user.keyboard("kenya{Enter}");
  await pass(600);
  expect(on("phone-country").dataset["value"]).toBe("KE");
  expect(asked(core, "phoneCheck").at(-1)?.[1]).toBe("KE");
  expect(input.value).not.toContain("+");
});

test("a calling code of no country can be chosen", async () => {
  const { input, user } = await prompt();
  await user.click(on("phone-country"));
  await pass(50);
  await user.keyboard("800{Enter}");
  await pass(10);
  expect(input.value.replaceAll(" ", "")).toBe("+800");
});

test("a call puts the modal away, and what was typed comes back with it", async () => {
  const { core, type } = await prompt();
  await type("0712345");
  const { phone } = core.current;
  core.set({ phone: { ...phone, promptOpen: false }, call: newCall({ state: "incoming" }) });
  await pass(50);
  expect(off("phone-modal")).toBeNull();
  core.set({ phone: { ...phone, promptOpen: true }, call: null });
  await pass(50);
  expect((on("phone-input") as HTMLInputElement).value.replaceAll(" ", "")).toBe("0712345");
});

test("deleting takes a digit and not the space that formatting put there", async () => {
  const { input, type, user } = await prompt();
  await type("0712345678");
  input.setSelectionRange(4, 4);
  await user.keyboard("{Delete}");
  await settle();
  expect(input.value.replaceAll(" ", "")).toBe("071245678");
});
