// One message of a chat: a bubble of the person's own, or what the bot sent, as its client draws it.

import { drawDingtalk } from "./dingtalk.js";
import { el } from "./dom.js";
import { drawFeishu } from "./feishu.js";
import { drawWecom } from "./wecom.js";
import { words } from "./words.js";

const DRAWERS = { wecom: drawWecom, dingtalk: drawDingtalk, feishu: drawFeishu };

// 小李 → 李, 王经理 → 王.
export const initial = (name) => name.replace(/^[小老阿]/, "").slice(0, 1);

export function drawMessage(message, seat, act) {
  const face = message.own ? initial(seat.name) : seat.role === "customer" ? "销" : "诺";
  const side = message.own ? "own" : "theirs";
  // What was chosen before an edit says nothing about the card after it.
  const fresh = message.edits ? { ...message, clicked: {} } : message;
  const body = message.own ? ownWords(message) : DRAWERS[seat.platform](fresh, act, seat.member);
  return el("li", { class: `message ${side}`, "data-message": message.id, tabindex: "-1" },
    el("span", { class: "face", "aria-hidden": "true" }, face),
    el("div", { class: "body" },
      message.to && el("p", { class: "to" }, `发给 ${message.to}`),
      body,
      message.edits > 0 && el("p", { class: "edited" }, editedSentence(message.edits))));
}

const editedSentence = (edits) => (edits > 1 ? `已更新 ${edits} 次` : "已更新");

const KINDS = { voice: "语音", image: "［图片］", file: "［文件］" };

function ownWords({ payload, content }) {
  const wave = el("span", { class: "wave", role: "img", "aria-label": "语音" }, el("i"), el("i"), el("i"));
  return el("div", { class: "bubble" }, content === "voice" && wave, words(payload) || KINDS[content]);
}
