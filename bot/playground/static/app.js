// The page's beginning: reads the state, seats four people, and follows the stream.

import * as api from "./api.js";
import * as clock from "./clock.js";
import { offerExamples, hint } from "./examples.js";
import { SeatView } from "./seat.js";
import { showTab, wireTabs } from "./tabs.js";

const seats = new Map();

// The hand-over is read from left to right; the manager hears last.
const PARTS = ["sales", "delivery", "manager", "customer"];
const byPart = (a, b) => PARTS.indexOf(a.role) - PARTS.indexOf(b.role);

async function readState() {
  const state = await api.state();
  const seller = state.seats.find(({ role }) => role === "sales")?.name ?? "销售";
  for (const data of state.seats.sort(byPart)) {
    if (!seats.has(data.key)) seats.set(data.key, openSeat(data, seller));
    const seat = seats.get(data.key);
    if (seat.isStale(data.messages)) location.reload();
    if (data.role === "customer") state.friends.forEach((friend) => seat.customer.welcome(friend));
    data.messages.forEach((message) => seat.put(message));
    seat.settle();
  }
  wireTabs([...seats.values()]);
  clock.show(state);
  hint(seats.values());
}

function openSeat(data, seller) {
  const seat = new SeatView(data, seller);
  document.getElementById("seats").append(seat.node);
  if (data.role === "sales") {
    offerExamples((text) => {
      showTab(data.key);
      seat.composer.fill(text);
    });
  }
  return seat;
}

function follow() {
  let lost = false;
  api.listen({
    onOpen: () => readState().then(() => setLost(false), (problem) => fail(problem.message)),
    onMessage: ({ seat, message }) => {
      seats.get(seat)?.put(message);
      hint(seats.values());
    },
    onClock: (told) => clock.show(told),
    onLost: () => setLost(true),
  });
  function setLost(now) {
    if (now !== lost) document.body.classList.toggle("is-lost", now);
    lost = now;
  }
}

function fail(sentence) {
  document.getElementById("hint").textContent = sentence;
}

clock.wire();
follow();
