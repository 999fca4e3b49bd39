// The ring window: a page of its own, which knows nothing but who is calling.
import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import { connect } from "./backend";
import { speech } from "./messages/language.svelte";
import RingWindow from "./ring/RingWindow.svelte";
import { theme } from "./state/theme.svelte";

async function open(target: HTMLElement): Promise<void> {
  const { commands } = await connect();
  const { chosen, now, system } = await commands.language();
  speech.take(chosen, now, system);
  mount(RingWindow, { target, props: { commands } });
}

theme.apply();
const target = document.getElementById("ring");
if (!target) throw new Error("ring.html has no #ring");
void open(target);
