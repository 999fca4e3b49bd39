import { fireEvent } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { ECHO_LINE } from "../src/backend/preview";
import { asked, off, on, open, pass, settle } from "./stage";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
});

const value = () => (on("dial-input") as HTMLInputElement).value;

test("the keys write the number, formatted", async () => {
  const { user } = await open();
  for (const key of "0712345678") await user.click(on(`key-${key}`));
  await settle();
  expect(value()).toBe("0712 345 678");
});

test("0, held, writes a plus and no 0", async () => {
  await open();
  await fireEvent.pointerDown(on("key-0"), { button: 0 });
  await pass(500);
  await fireEvent.pointerUp(on("key-0"));
  await fireEvent.click(on("key-0"));
  await settle();
  expect(value()).toBe("+");
});

test("typing and pasting reach the number from anywhere on the screen", async () => {
  const { user } = await open();
  (document.activeElement as HTMLElement).blur();
  await user.keyboard("071");
  await settle();
  expect(value()).toBe("071");
  (document.activeElement as HTMLElement).blur();
  const clipboardData = { getData: () => "+254 712 345 678" };
  await fireEvent.paste(document.body, { clipboardData });
  await settle();
  expect(value()).toBe("+254 712 345 678");
});

test("the delete button takes the digit before the caret, and not the space", async () => {
  const { user } = await open();
  await user.type(on("dial-input"), "07123");
  await settle();
  expect(value()).toBe("0712 3");
  await user.click(on("dial-delete"));
  await user.click(on("dial-delete"));
  await settle();
  expect(value()).toBe("071");
});

test("Enter calls what is typed, in the dialler's country", async () => {
  const { core, user } = await open();
  await user.type(on("dial-input"), "0712345678{Enter}");
  await settle();
  expect(asked(core, "dial")).toEqual([
    [{ text: "0712 345 678", country: "KE", confirmed: false }],
  ]);
  expect(on("call-panel")).toBeVisible();
});

test("who that is stands beneath once the keys rest", async () => {
  const { core, user } = await open();
  await user.type(on("dial-input"), "0712345678");
  await pass(400);
  expect(asked(core, "lookup")).toHaveLength(0);
  await pass(100);
  expect(on("dial-found")).toHaveTextContent("Daniel Otieno · Care4W · free");
});

test("a number that nobody has is told so in words, and what was typed stays", async () => {
  const { user } = await open();
  await user.type(on("dial-input"), "0711222333");
  await user.click(on("dial-call"));
  await settle();
  expect(on("dial-error")).toHaveTextContent("Nobody with this number uses Care4W yet.");
  expect(value()).toBe("0711 222 333");
  await user.type(on("dial-input"), "4");
  await settle();
  expect(off("dial-error")).toBeNull();
});

test("somebody in another country is named before their phone rings", async () => {
  const { core, user } = await open();
  await user.type(on("dial-input"), "754321987{Enter}");
  await pass(50);
  expect(on("confirm-country")).toHaveTextContent("Call Neema Mushi in Tanzania?");
  expect(core.current.call).toBeNull();
  await user.click(on("confirm-call"));
  await pass(500);
  expect(asked(core, "dial").at(-1)).toEqual([
    { text: "754 321 987", country: "KE", confirmed: true },
  ]);
  expect(off("confirm-country")).toBeNull();
});

test("saying no to another country calls nobody", async () => {
  const { core, user } = await open();
  await user.type(on("dial-input"), "754321987{Enter}");
  await pass(50);
  await user.click(on("confirm-cancel"));
  await pass(500);
  expect(core.current.call).toBeNull();
  expect(off("confirm-country")).toBeNull();
});

test("the empty dialler offers the echo line, and calls it", async () => {
  const { core, user } = await open();
  await user.click(on("dial-echo"));
  await settle();
  expect(asked(core, "dial")).toEqual([[{ text: ECHO_LINE, country: "KE", confirmed: false }]]);
});

test("without an echo line none is offered", async () => {
  const { core } = await open();
  core.set({ server: { ...core.current.server, echoLine: null } });
  await settle();
  expect(off("dial-echo")).toBeNull();
});

test("offline says so", async () => {
  await open({ connection: "offline" });
  expect(on("offline-notice")).toHaveTextContent("You're offline.");
});

test("an emergency number is refused as one types it", async () => {
  const { core, user } = await open();
  vi.spyOn(core.commands, "dialPreview").mockResolvedValue({
    text: "999",
    caret: 3,
    kind: "incomplete",
    detail: null,
    reason: {
      code: "EMERGENCY_NUMBER",
      message: "",
    },
  });
  await user.type(on("dial-input"), "9");
  await settle();
  expect(on("dial-found")).toHaveTextContent(
    "Care4W cannot call emergency services. Use a telephone.",
  );
});

test("a Care4W ID that nobody has is not called a number", async () => {
  const { user } = await open();
  await user.type(on("dial-input"), "care4w-ZZZZ999{Enter}");
  await settle();
  expect(on("dial-error")).toHaveTextContent("Nobody has this Care4W ID.");
});

test("a number from a link or the command line is filled in, formatted, and not dialled", async () => {
  const { core } = await open();
  const asks = { atOnce: false, premium: false, refused: null };
  core.set({ destination: { text: "+254712345678", ...asks } });
  await settle();
  expect(asked(core, "takeDestination")).toHaveLength(1);
  expect(core.current.destination).toBeNull();
  expect(value()).toContain("712");
  expect(asked(core, "dial")).toEqual([]);
});
