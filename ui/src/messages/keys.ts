// How the keys of a keyboard are called.

const CALLED: Record<string, string> = {
  Control: "Ctrl",
  Super: navigator.platform.startsWith("Mac") ? "⌘" : "Super",
};

/** `Control+Alt+KeyP` as it stands on the keys: `Ctrl+Alt+P`. */
export function keyNames(keys: string): string {
  return keys
    .split("+")
    .map((key) => {
      const plain = key.replace(/^(Key|Digit)(?=.$)/, "");
      const named = plain.charAt(0).toUpperCase() + plain.slice(1);
      return CALLED[named] ?? named;
    })
    .join("+");
}

/** The combination that is pressed, in the core's form; null while it is not whole. */
export function keysOf(event: KeyboardEvent): string | null {
  if (/^(Control|Alt|Shift|Meta|OS|AltGraph)/.test(event.key) || event.code === "") return null;
  const held = [
    ...(event.ctrlKey ? ["Control"] : []),
    ...(event.altKey ? ["Alt"] : []),
    ...(event.shiftKey ? ["Shift"] : []),
    ...(event.metaKey ? ["Super"] : []),
  ];
  return [...held, event.code].join("+");
}
