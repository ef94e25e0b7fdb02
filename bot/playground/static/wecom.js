// WeCom's client: text, its markdown subset, and template cards (wecom.md, section 6.4).

import { boxes, button, checkedIn, labelled, select } from "./controls.js";
import { el, link } from "./dom.js";
import { FLAVOURS, markdown } from "./markdown.js";

const BUTTON_KINDS = { 1: "primary", 2: "default", 3: "danger", 4: "quiet" };

export function drawWecom(message, act) {
  const { payload } = message;
  const card = payload.template_card ?? (payload.card_type ? payload : null);
  if (card) return drawCard(card, message.clicked, act);
  if (payload.markdown) return el("div", { class: "bubble" }, markdown(payload.markdown.content, FLAVOURS.wecom));
  if (payload.textcard) return drawTextCard(payload.textcard);
  const text = payload.text?.content ?? payload.text ?? payload.content ?? "";
  return [
    text ? el("div", { class: "bubble" }, markdown(String(text), FLAVOURS.wecomText)) : null,
    (payload.attachments ?? []).map(drawAttachment),
  ].flat();
}

function drawAttachment({ msgtype, [msgtype]: held = {} }) {
  if (msgtype === "link") {
    return el("div", { class: "card" }, el("h3", {}, link(held.title, held.url)), el("p", { class: "desc" }, held.desc));
  }
  return el("div", { class: "card" }, el("p", { class: "desc" }, held.title ?? `［${msgtype}］`));
}

function drawTextCard({ title, description, url, btntxt = "详情" }) {
  const plain = description.replace(/<div class="\w+">|<\/div>/g, "\n").replace(/\n+/g, "\n").trim();
  return el("div", { class: "card" }, el("h3", {}, title), el("p", { class: "desc" }, plain),
    el("p", { class: "jump" }, link(btntxt, url)));
}

function drawCard(card, clicked, act) {
  const node = el("div", { class: "card" });
  const press = (key, pressed) => act.click({ key, selected: selections(node) }, pressed);
  const chosen = clicked?.selected ?? {};
  node.append(...[
    drawSource(card, press),
    drawTitle(card),
    drawEmphasis(card.emphasis_content),
    drawQuote(card.quote_area),
    card.sub_title_text ? el("p", { class: "sub" }, card.sub_title_text) : null,
    drawFacts(card.horizontal_content_list),
    (card.vertical_content_list ?? []).map(({ title, desc }) =>
      el("div", { class: "vertical" }, el("h4", {}, title), desc ? el("p", {}, desc) : null)),
    (card.jump_list ?? []).map(({ title, url }) => el("p", { class: "jump" }, link(title, url))),
    drawSelect(card.button_selection, chosen),
    drawCheckbox(card.checkbox, chosen),
    (card.select_list ?? []).map((question) => drawSelect(question, chosen)),
    drawButtons(card, clicked, press),
    card.card_action?.url ? el("p", { class: "jump" }, link("查看详情", card.card_action.url)) : null,
  ].flat().filter(Boolean));
  return node;
}

function drawSource({ source, action_menu: menu }, press) {
  if (!source?.desc && !menu) return null;
  const items = (menu?.action_list ?? []).map(({ text, key }) => el("li", {},
    button(text, { kind: "text", control: key, press: (pressed) => press(key, pressed) })));
  return el("div", { class: "source" },
    el("span", { class: `ink-source-${source?.desc_color ?? 0}` }, source?.desc ?? ""),
    menu ? el("details", { class: "menu" },
      el("summary", { "aria-label": menu.desc || "更多操作" }, "⋯"), el("ul", {}, items)) : null);
}

function drawTitle({ main_title: title }) {
  if (!title) return null;
  return el("div", { class: "title" },
    title.title ? el("h3", {}, title.title) : null, title.desc ? el("p", { class: "desc" }, title.desc) : null);
}

function drawEmphasis(emphasis) {
  if (!emphasis) return null;
  return el("div", { class: "emphasis" },
    emphasis.title ? el("strong", {}, emphasis.title) : null, emphasis.desc ? el("span", {}, emphasis.desc) : null);
}

function drawQuote(quote) {
  if (!quote) return null;
  return el("blockquote", {},
    quote.title ? el("p", { class: "quote-title" }, quote.url ? link(quote.title, quote.url) : quote.title) : null,
    quote.quote_text ? el("p", {}, quote.quote_text) : null);
}

function drawFacts(facts) {
  if (!facts?.length) return null;
  return el("dl", { class: "facts" }, facts.map(({ type, keyname, value, url, userid }) => [
    el("dt", {}, keyname),
    el("dd", {}, type === 1 ? link(value || url, url) : type === 3 ? el("span", { class: "mention" }, value || userid) : value ?? ""),
  ]));
}

const pairs = (options) => (options ?? []).map(({ id, text }) => [id, text]);

function drawSelect(question, chosen) {
  if (!question) return null;
  const { question_key: key, title, option_list: options, selected_id: selected, disable } = question;
  const control = select({ name: key, options: pairs(options), chosen: chosen[key]?.[0] ?? selected, disabled: disable });
  control.dataset.question = key;
  return labelled(title || "请选择", control);
}

function drawCheckbox(checkbox, chosen) {
  if (!checkbox) return null;
  const { question_key: key, option_list: options, mode, disable } = checkbox;
  const ticked = chosen[key] ?? options.filter((option) => option.is_checked).map(({ id }) => id);
  const control = boxes({ name: key, options: pairs(options), chosen: ticked, many: mode === 1, disabled: disable });
  control.setAttribute("aria-label", "选项");
  control.dataset.question = key;
  return control;
}

function selections(card) {
  const entries = [...card.querySelectorAll("[data-question]")].map((control) => [
    control.dataset.question,
    control.localName === "select" ? [control.value] : checkedIn(control),
  ]);
  return Object.fromEntries(entries);
}

function drawButtons(card, clicked, press) {
  const settled = card.replace_text ?? card.button?.replace_name;
  if (settled) return el("div", { class: "acts" }, button(settled, { kind: "settled", disabled: true }));
  const list = card.button_list ?? (card.submit_button ? [{ style: 1, ...card.submit_button }] : []);
  if (!list.length) return null;
  return el("div", { class: "acts" }, list.map(({ type, text = "提交", style = 1, key, url }) => {
    if (type === 1) return el("span", { class: "act act-link" }, link(text, url));
    const drawn = button(text, { kind: BUTTON_KINDS[style] ?? "primary", control: key,
      press: (pressed) => press(key, pressed) });
    if (clicked?.key === key) drawn.classList.add("was-pressed");
    return drawn;
  }));
}
