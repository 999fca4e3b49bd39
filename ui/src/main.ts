import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import { connect } from "./backend";
import { App } from "./state/app.svelte";
import { theme } from "./state/theme.svelte";
import AppView from "./App.svelte";

async function open(target: HTMLElement): Promise<void> {
  const backend = await connect();
  const app = await App.start(backend);
  mount(AppView, { target, props: { app } });
}

theme.apply();
const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
void open(target);
