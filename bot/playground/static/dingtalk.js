// DingTalk's client: text, markdown, ActionCard, and the public card template (dingtalk.md, section 8).

import { button } from "./controls.js";
import { el, link } from "./dom.js";
import { FLAVOURS, markdown } from "./markdown.js";
import { words } from "./words.js";

export function drawDingtalk({ payload, content, clicked }, act, member) {
  if (payload.cardParamMap) {
    const data = { ...payload.cardParamMap, ...payload.privateData?.[member] };
    return drawCard({ ...data, text: data.markdown }, templateButtons(data, clicked, act));
  }
  if (content === "card") return drawCard({ text: payload.text }, linkButtons(payload, act));
  return el("div", { class: "bubble" }, content === "markdown" ? markdown(payload.text, FLAVOURS.dingtalk) : words(payload));
}

function drawCard({ title, text, tips }, buttons) {
  return el("div", { class: "card" },
    title && el("h3", {}, title),
    text && markdown(text, FLAVOURS.dingtalk),
    tips && el("div", { class: "tips" }, markdown(tips, FLAVOURS.dingtalk)),
    buttons.length > 0 && el("div", { class: "acts" }, buttons));
}

function templateButtons({ sys_full_json_obj: rest }, clicked, act) {
  const { msgButtons: list = [] } = JSON.parse(rest || "{}");
  return list.map(({ text, color, id, url, params = {} }) => (url
    ? el("span", { class: "act" }, link(text, url))
    : button(text, { kind: color, control: id, pressed: clicked.action_id === id,
      press: (pressed) => act({ action_id: id, params }, pressed) })));
}

// An ActionCard spells its buttons in three ways. A dtmd link posts its words as the person's message.
function linkButtons(payload, act) {
  const pairs = [[payload.singleTitle, payload.singleURL]];
  for (const n of [1, 2, 3, 4, 5]) {
    pairs.push([payload[`actionTitle${n}`], payload[`actionURL${n}`]], [payload[`buttonTitle${n}`], payload[`buttonUrl${n}`]]);
  }
  return pairs.filter(([title]) => title).map(([title, url]) => (url.startsWith("dtmd:")
    ? button(title, { press: (pressed) => act({ url }, pressed) })
    : el("span", { class: "act" }, link(title, url))));
}
