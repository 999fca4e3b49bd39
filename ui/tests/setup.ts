import "@testing-library/jest-dom/vitest";
import { afterEach, beforeEach, vi } from "vitest";

// What the floating list and the dialogs ask of a browser and jsdom does not have.
class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal("ResizeObserver", NoObserver);
vi.stubGlobal("IntersectionObserver", NoObserver);
Element.prototype.scrollIntoView ??= () => {};
Element.prototype.hasPointerCapture ??= () => false;
// The audit asks for a canvas to look for icon fonts, of which there are none.
HTMLCanvasElement.prototype.getContext = () => null;
Element.prototype.animate ??= () => ({ finished: Promise.resolve() }) as unknown as Animation;

beforeEach(() => {
  localStorage.clear();
  window.innerWidth = 400;
});

afterEach(() => {
  vi.useRealTimers();
});
