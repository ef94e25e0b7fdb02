// DingTalk's client: text, markdown, ActionCard, and the public card template (dingtalk.md, section 8).

import { button } from "./controls.js";
import { el, link } from "./dom.js";
import { FLAVOURS, markdown } from "./markdown.js";
import { words } from "./words.js";

export function drawDingtalk({ payload, clicked }, act) {
  const data = payload.cardData?.cardParamMap ?? payload.cardParamMap;
  if (data) return drawTemplate(data, clicked, act);
  const sent = parsed(payload.msgParam) ?? payload.actionCard ?? payload.markdown ?? payload;
  const links = linksOf(sent);
  if (links.length) return drawActionCard(sent, links, act);
  if (sent.title && sent.text) return el("div", { class: "bubble" }, markdown(sent.text, FLAVOURS.dingtalk));
  return el("div", { class: "bubble" }, words(sent));
}

const parsed = (text) => (typeof text === "string" ? JSON.parse(text) : text);

function drawTemplate({ title, markdown: text, tips, sys_full_json_obj: rest }, clicked, act) {
  const { msgButtons: list = [] } = parsed(rest || "{}");
  return el("div", { class: "card" },
    title && el("h3", {}, title),
    text && markdown(text, FLAVOURS.dingtalk),
    tips && el("p", { class: "tips" }, tips),
    list.length > 0 && el("div", { class: "acts" }, list.map((item) => drawTemplateButton(item, clicked, act))));
}

function drawTemplateButton({ text, color = "gray", id, url, request, params = {} }, clicked, act) {
  if (url && !request) return el("span", { class: "act" }, link(text, url));
  return button(text, { kind: color, control: id, pressed: clicked?.action_id === id,
    press: (pressed) => act.click({ action_id: id, params }, pressed) });
}

// Buttons of an ActionCard, in each of its spellings: [title, url] pairs.
function linksOf(sent) {
  if (sent.btns) return sent.btns.map(({ title, actionURL }) => [title, actionURL]);
  const single = [[sent.singleTitle, sent.singleURL]];
  const numbered = [1, 2, 3, 4, 5].flatMap((n) => [
    [sent[`actionTitle${n}`], sent[`actionURL${n}`]],
    [sent[`buttonTitle${n}`], sent[`buttonUrl${n}`]],
  ]);
  return [...single, ...numbered].filter(([title]) => title);
}

function drawActionCard({ title, text }, links, act) {
  return el("div", { class: "card" },
    title && el("h3", {}, title),
    markdown(text ?? "", FLAVOURS.dingtalk),
    el("div", { class: "acts" }, links.map(([name, url]) => {
      const said = saidBy(url);
      if (said === null) return el("span", { class: "act" }, link(name, url));
      return button(name, { kind: "gray", press: () => act.say(said) });
    })));
}

// A dtmd link writes its text into the chat as the person who taps it.
function saidBy(url = "") {
  if (!url.startsWith("dtmd://dingtalkclient/sendMessage?")) return null;
  return new URLSearchParams(url.slice(url.indexOf("?"))).get("content") ?? "";
}
