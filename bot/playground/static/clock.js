// The clock bar: what time it is, and the ways to move on.

import * as api from "./api.js";
import { announce } from "./dom.js";
import { nextMorning, short, spoken } from "./moments.js";

const byId = (id) => document.getElementById(id);
let now = "";

export function show({ now: shown, moving_to: target, counts }) {
  const first = now === "";
  now = shown;
  byId("now").textContent = spoken(now);
  byId("now").dateTime = now;
  byId("counts").textContent = `一诺发出 ${counts.sent} 条，原地更新 ${counts.edited} 次`;
  showTarget(target);
  byId("jump-to").min = now.slice(0, 16);
  if (first) byId("jump-to").value = nextMorning(now);
}

function showTarget(target) {
  byId("clock").classList.toggle("is-moving", Boolean(target));
  const sentence = target ? `正在走到 ${short(target)} …` : "";
  if (byId("moving").textContent !== sentence) byId("moving").textContent = sentence;
  for (const button of byId("clock").querySelectorAll("button")) {
    button.setAttribute("aria-disabled", Boolean(target));
  }
}

async function move(how, target) {
  if (byId("clock").classList.contains("is-moving")) return;
  showTarget(target);
  try {
    show(await api.move(how));
    announce(`现在是 ${short(now)}`);
  } catch (problem) {
    showTarget(null);
    byId("moving").textContent = problem.message;
  }
}

function later(hours) {
  const shifted = new Date(Date.parse(`${now.slice(0, 16)}Z`) + hours * 3_600_000);
  return shifted.toISOString().slice(0, 16);
}

export function wire() {
  for (const button of byId("clock").querySelectorAll("[data-hours]")) {
    const hours = Number(button.dataset.hours);
    button.addEventListener("click", () => move({ hours }, later(hours)));
  }
  const jump = byId("jump");
  const close = () => {
    jump.open = false;
    jump.querySelector("summary").focus();
  };
  jump.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    close();
    const to = byId("jump-to").value;
    move({ to }, to);
  });
  jump.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("click", (event) => {
    if (!jump.contains(event.target)) jump.open = false;
  });
}
