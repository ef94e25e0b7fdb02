// Feishu's client: text, post, and the frame of card JSON 2.0.

import { button, more } from "./controls.js";
import { el, link } from "./dom.js";
import { INPUTS, callbackOf, filledIn, textOf } from "./feishuform.js";
import { FLAVOURS, markdown } from "./markdown.js";
import { words } from "./words.js";

export function drawFeishu({ payload, clicked }, act) {
  if (payload.body || payload.header) return drawCard(payload, { act, clicked });
  const post = payload.zh_cn ?? payload.post?.zh_cn ?? payload;
  if (Array.isArray(post.content)) return drawPost(post);
  return el("div", { class: "bubble" }, markdown(words(payload), FLAVOURS.feishuText));
}

function drawPost({ title, content }) {
  return el("div", { class: "bubble" }, title ? el("b", {}, title) : null,
    content.map((line) => el("div", {}, line.map(drawRun))));
}

function drawRun({ tag, text, href, user_id: user }) {
  if (tag === "a") return link(text, href);
  if (tag === "md") return markdown(text, FLAVOURS.feishu);
  return tag === "at" ? el("span", { class: "mention" }, `@${text ?? user}`) : text;
}

function drawCard({ header, body, card_link: jump }, context) {
  return el("div", { class: "card" },
    header && drawHeader(header),
    el("div", { class: "elements" }, drawAll(body?.elements, context), jump?.url && more(link("查看详情", jump.url))));
}

function drawHeader({ title, subtitle, template, text_tag_list: tags = [] }) {
  return el("div", { class: `head tint-${template}` },
    el("h3", {}, textOf(title), tags.map(({ text, color }) => el("span", { class: `chip tint-${color}` }, textOf(text)))),
    subtitle?.content && el("p", {}, textOf(subtitle)));
}

const ELEMENTS = {
  ...INPUTS,
  markdown: ({ content, text_size: size }) => el("div", { class: `size-${size}` }, markdown(content, FLAVOURS.feishu)),
  div: ({ text, fields = [] }) => el("div", {}, text && el("div", { class: `size-${text.text_size}` }, textOf(text)),
    el("div", { class: "pairs" }, fields.map((field) => el("div", { class: !field.is_short && "whole" }, textOf(field.text))))),
  hr: () => el("hr"),
  column_set: ({ columns, flex_mode: flex, background_style: ground }, context) =>
    el("div", { class: `columns flex-${flex} ground-${ground}` }, columns.map((column) => drawColumn(column, context))),
  collapsible_panel: ({ expanded, header, elements }, context) => el("details", { class: "fold", open: expanded },
    el("summary", {}, textOf(header?.title)), drawAll(elements, context)),
  form: ({ elements }, context) =>
    el("div", { class: "form elements", role: "group" }, drawAll(elements, { ...context, form: [] })),
  button: drawButton,
};

function drawAll(elements = [], context) {
  return elements.map((element) => ELEMENTS[element.tag]?.(element, context)
    ?? el("p", { class: "dead-link" }, `［${element.tag}］`));
}

function drawColumn({ width, weight = 1, elements }, context) {
  const node = el("div", { class: `column ${width === "auto" ? "is-auto" : ""}` }, drawAll(elements, context));
  if (width === "weighted") node.style.flexGrow = weight;
  return node;
}

function drawButton(element, { act, form, clicked }) {
  const { text, type, name, disabled, form_action_type: action } = element;
  const value = callbackOf(element);
  const url = element.behaviors?.find((behavior) => behavior.type === "open_url")?.default_url;
  if (url && value === undefined) return el("span", { class: "act" }, link(textOf(text), url));
  const told = JSON.stringify(value);
  return button(textOf(text), { kind: type, control: name ?? told, disabled,
    pressed: value && JSON.stringify(clicked.value) === told,
    press: (pressed) => {
      const { missing, values } = action === "submit" ? filledIn(form) : {};
      if (missing) missing.focus();
      else act({ tag: "button", value, name, form_value: values }, pressed);
    } });
}
