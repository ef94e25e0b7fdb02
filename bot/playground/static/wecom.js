// WeCom's client: text, its markdown subset, and template cards (wecom.md, section 6.4).

import { boxes, button, checkedIn, labelled, more, select } from "./controls.js";
import { el, link } from "./dom.js";
import { FLAVOURS, markdown } from "./markdown.js";
import { words } from "./words.js";

const BUTTON_KINDS = { 1: "primary", 2: "default", 3: "danger", 4: "plain" };

export function drawWecom({ payload, content, clicked }, act) {
  if (content === "card") return drawCard(payload, clicked, act);
  const flavour = content === "markdown" ? FLAVOURS.wecom : FLAVOURS.wecomText;
  return [
    el("div", { class: "bubble" }, markdown(words(payload), flavour)),
    (payload.attachments ?? []).map(drawAttachment),
  ];
}

function drawAttachment({ msgtype, link: held }) {
  if (!held) return el("div", { class: "card" }, `［${msgtype}］`);
  return el("div", { class: "card" }, el("h3", {}, link(held.title, held.url)), part("desc", held.desc));
}

// A paragraph, if there is anything to say.
const part = (look, text, tag = "p") => (text ? el(tag, { class: look }, text) : null);

function drawCard(card, clicked, act) {
  const node = el("div", { class: "card" });
  const press = (key, pressed) => act({ key, selected: selections(node) }, pressed);
  const chosen = clicked.selected ?? {};
  const { source, main_title: title, emphasis_content: emphasis, quote_area: quote, card_action: action } = card;
  node.append(...[
    source?.desc && part(`source ink-${source.desc_color ?? 0}`, source.desc),
    title && el("div", {}, part("", title.title, "h3"), part("desc", title.desc)),
    emphasis && el("p", { class: "emphasis" }, part("", emphasis.title, "strong"), emphasis.desc),
    quote && el("blockquote", {}, part("", quote.title), quote.quote_text),
    part("", card.sub_title_text),
    drawFacts(card.horizontal_content_list),
    card.vertical_content_list?.map(({ title: name, desc }) => el("div", {}, el("h4", {}, name), part("desc", desc))),
    drawSelect(card.button_selection, chosen),
    drawCheckbox(card.checkbox, chosen),
    card.select_list?.map((question) => drawSelect(question, chosen)),
    drawButtons(card, clicked, press),
    card.jump_list?.map(({ title: name, url }) => more(link(name, url))),
    action?.url && more(link("查看详情", action.url)),
  ].flat().filter(Boolean));
  return node;
}

function drawFacts(facts) {
  if (!facts?.length) return null;
  return el("dl", { class: "facts" }, facts.map(({ type, keyname, value, url, userid }) => [
    el("dt", {}, keyname),
    el("dd", { class: type === 3 && "mention" }, type === 1 ? link(value || url, url) : value || userid),
  ]));
}

const pairs = (options) => options.map(({ id, text }) => [id, text]);

function drawSelect(question, chosen) {
  if (!question) return null;
  const { question_key: name, title, option_list: options, selected_id: selected, disable: disabled } = question;
  const control = select({ name, options: pairs(options), chosen: chosen[name]?.[0] ?? selected, disabled });
  control.dataset.question = name;
  return labelled(title || "请选择", control);
}

function drawCheckbox(checkbox, chosen) {
  if (!checkbox) return null;
  const { question_key: name, option_list: options, mode, disable: disabled } = checkbox;
  const ticked = chosen[name] ?? options.filter((option) => option.is_checked).map(({ id }) => id);
  const control = boxes({ name, title: "选项", options: pairs(options), chosen: ticked, many: mode === 1, disabled });
  control.dataset.question = name;
  return control;
}

function selections(card) {
  return Object.fromEntries([...card.querySelectorAll("[data-question]")].map((control) => [
    control.dataset.question, control.localName === "select" ? [control.value] : checkedIn(control),
  ]));
}

function drawButtons(card, clicked, press) {
  const settled = card.replace_text;
  if (settled) return el("div", { class: "acts" }, button(settled, { kind: "settled", disabled: true }));
  const list = card.button_list ?? [card.submit_button].filter(Boolean);
  if (!list.length) return null;
  return el("div", { class: "acts" }, list.map(({ type, text = "提交", style = 1, key, url }) => {
    if (type === 1) return el("span", { class: "act" }, link(text, url));
    return button(text, { kind: BUTTON_KINDS[style] ?? "primary", control: key, pressed: clicked.key === key,
      press: (pressed) => press(key, pressed) });
  }));
}
