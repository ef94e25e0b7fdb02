// Talks to the program: one call per route, and the stream of what happens.

const API = "/playground/api";

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Error("连不上程序，请确认它还在运行。");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? "程序出错了，原因在它的日志里。");
  return body;
}

const post = (path, body) => answered(fetch(`${API}/${path}`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
}));

export const state = () => answered(fetch(`${API}/state`));
export const say = (seat, text, content) => post("say", { seat, text, content });
export const click = (seat, message, interaction) => post("click", { seat, message, interaction });
export const move = (how) => post("clock", how);
export const befriend = (contact) => post("customer", contact);

// `onOpen` is called at each (re)connection: what happened before it has to be read anew.
export function listen({ onOpen, onMessage, onClock, onLost }) {
  const stream = new EventSource(`${API}/stream`);
  stream.addEventListener("open", onOpen);
  stream.addEventListener("error", onLost);
  stream.addEventListener("message", (event) => onMessage(JSON.parse(event.data)));
  stream.addEventListener("clock", (event) => onClock(JSON.parse(event.data)));
}
