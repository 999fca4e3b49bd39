import { tick } from "svelte";

/** Puts the focus where something has to be mended: into the first field of a form that is wrong. */
export async function focusFault(form: HTMLElement | undefined): Promise<void> {
  await tick();
  form?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
}
