// On a phone one seat is shown at a time; a dot tells where something new waits.

import { el } from "./dom.js";

const tabs = new Map();

export function wireTabs(seats) {
  if (tabs.size) return;
  for (const seat of seats) {
    const dot = el("span", { class: "dot", hidden: true }, el("span", { class: "unseen" }, "有新消息"));
    const button = el("button", { type: "button", onclick: () => showTab(seat.key) }, seat.part, dot);
    tabs.set(seat.key, { seat, button, dot });
    seat.onNews = () => { dot.hidden = isShown(seat); };
    document.getElementById("tabs").append(button);
  }
  if (seats.length) showTab(seats[0].key);
}

export function showTab(key) {
  for (const [name, { seat, button, dot }] of tabs) {
    const active = name === key;
    seat.node.classList.toggle("is-active", active);
    button.setAttribute("aria-current", active);
    if (active) {
      dot.hidden = true;
      seat.toEnd();
    }
  }
}

// Side by side on a wide screen all seats are shown.
const isShown = (seat) => seat.node.offsetParent !== null;
