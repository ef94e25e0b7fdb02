// Feishu's client: text, post, and card JSON 2.0 (feishu.md, section 13).

import { boxes, button, checkedIn, labelled, select } from "./controls.js";
import { confirmed, el, link } from "./dom.js";
import { FLAVOURS, markdown } from "./markdown.js";
import { words } from "./words.js";

export function drawFeishu({ payload, clicked }, act) {
  if (payload.body || payload.header) return drawCard(payload, clicked, act);
  const post = payload.post ?? payload.zh_cn ?? (Array.isArray(payload.content) ? payload : null);
  if (post) return drawPost(post.zh_cn ?? post);
  return el("div", { class: "bubble" }, markdown(words(payload), FLAVOURS.feishuText));
}

function drawPost({ title, content = [] }) {
  return el("div", { class: "bubble" }, title ? el("b", {}, title) : null,
    content.map((line) => el("div", {}, line.map(drawRun))));
}

function drawRun({ tag, text, href, user_id: user }) {
  if (tag === "a") return link(text, href);
  if (tag === "md") return markdown(text, FLAVOURS.feishu);
  if (tag === "at") return el("span", { class: "mention" }, `@${text ?? user}`);
  return el("span", {}, text ?? `［${tag}］`);
}

function drawCard({ header, body, card_link: jump }, clicked, act) {
  const context = { act, clicked, form: null };
  return el("div", { class: "card" },
    header ? drawHeader(header) : null,
    el("div", { class: "elements" }, drawAll(body?.elements, context),
      jump?.url ? el("p", { class: "jump" }, link("查看详情", jump.url)) : null));
}

function drawHeader({ title, subtitle, template = "default", text_tag_list: tags = [] }) {
  return el("div", { class: `head head-${template}` },
    el("h3", {}, textOf(title), tags.map(({ text, color }) => el("span", { class: `chip chip-${color}` }, textOf(text)))),
    subtitle?.content ? el("p", {}, textOf(subtitle)) : null);
}

// A text object: plain, or markdown.
function textOf(held) {
  if (!held) return "";
  if (typeof held === "string") return held;
  return held.tag === "lark_md" || held.tag === "markdown" ? markdown(held.content, FLAVOURS.feishu) : held.content ?? "";
}

const ELEMENTS = {
  markdown: ({ content, text_size: size, text_align: align }) =>
    el("div", { class: `text size-${size ?? "normal"} align-${align ?? "left"}` }, markdown(content, FLAVOURS.feishu)),
  div: ({ text, fields = [] }) => el("div", { class: "text" },
    text ? el("div", { class: `lines size-${text.text_size ?? "normal"}` }, textOf(text)) : null,
    fields.length ? el("div", { class: "pairs" }, fields.map((field) =>
      el("div", { class: field.is_short ? "lines" : "lines whole" }, textOf(field.text)))) : null),
  hr: () => el("hr"),
  img: ({ alt }) => el("p", { class: "dead-link" }, `［图片］${textOf(alt)}`),
  column_set: ({ columns = [], flex_mode: flex, background_style: ground }, context) =>
    el("div", { class: `columns flex-${flex ?? "none"} ground-${ground ?? "default"}` }, columns.map((column) => drawColumn(column, context))),
  interactive_container: ({ elements }, context) => el("div", { class: "elements" }, drawAll(elements, context)),
  collapsible_panel: ({ expanded, header, elements }, context) => el("details", { class: "fold", open: expanded },
    el("summary", {}, textOf(header?.title)), el("div", { class: "elements" }, drawAll(elements, context))),
  form: drawForm,
  button: drawButton,
  input: drawInput,
  select_static: drawSelect,
  multi_select_static: drawManySelect,
  date_picker: (element, context) => drawPicker("date", element, context),
  picker_time: (element, context) => drawPicker("time", element, context),
  picker_datetime: (element, context) => drawPicker("datetime-local", element, context),
};

function drawAll(elements = [], context) {
  return elements.map((element) => ELEMENTS[element.tag]?.(element, context)
    ?? el("p", { class: "dead-link" }, `［${element.tag}］`));
}

function drawColumn({ width, weight = 1, elements }, context) {
  const node = el("div", { class: `column ${width === "auto" ? "is-auto" : ""}` }, drawAll(elements, context));
  if (width === "weighted" || !width) node.style.flexGrow = weight;
  return node;
}

// Values of a form as the client reports them; dates carry the viewer's offset.
function drawForm({ elements }, outer) {
  const form = [];
  return el("div", { class: "form elements", role: "group" }, drawAll(elements, { ...outer, form }));
}

const callbackOf = (element) => element.behaviors?.find(({ type }) => type === "callback")?.value ?? element.value;

function drawButton(element, { act, form, clicked }) {
  const { text, type = "default", name, disabled, width, confirm, form_action_type: action } = element;
  const url = element.behaviors?.find(({ type: kind }) => kind === "open_url")?.default_url ?? element.url;
  if (url && callbackOf(element) === undefined) return el("span", { class: "act act-link" }, link(textOf(text), url));
  const value = callbackOf(element);
  const node = button(textOf(text), { kind: type, control: name ?? JSON.stringify(value), disabled, press: async (pressed) => {
    const filled = action === "submit" ? filledIn(form) : null;
    if (filled?.missing) return filled.missing.focus();
    if (confirm && !(await confirmed(textOf(confirm.title), textOf(confirm.text)))) return undefined;
    return act.click({ tag: "button", value, name, ...(filled ? { form_value: filled.values } : {}) }, pressed);
  } });
  if (width === "fill") node.classList.add("is-wide");
  if (value !== undefined && JSON.stringify(clicked?.value) === JSON.stringify(value)) node.classList.add("was-pressed");
  return node;
}

function filledIn(form) {
  const values = {};
  for (const { name, required, control, read } of form) {
    const value = read();
    const empty = value.length === 0;
    control.closest(".field, fieldset")?.classList.toggle("is-missing", Boolean(required && empty));
    if (required && empty) return { missing: control };
    if (!empty) values[name] = value;
  }
  return { values };
}

// Joins an input to its form; outside a form it reports by itself when it changes.
function enter(element, { act, form }, control, read) {
  const { tag, name, required } = element;
  const value = callbackOf(element);
  if (form) form.push({ name, required, control, read });
  else if (value !== undefined) {
    control.addEventListener("change", () => act.click({ tag, value, name, option: read() }, control));
  }
}

const titleOf = ({ label, placeholder }, fallback) => textOf(label) || textOf(placeholder) || fallback;
const star = (element, title) => (element.required ? `${title} *` : title);

function drawInput(element, context) {
  const { name, input_type: type, rows = 2, default_value: value = "", max_length: max, placeholder, disabled } = element;
  const many = type === "multiline_text";
  const control = el(many ? "textarea" : "input", { "data-control": name, rows: many && rows, maxlength: max, disabled,
    placeholder: textOf(placeholder), required: element.required });
  control.value = value;
  enter(element, context, control, () => control.value.trim());
  return labelled(star(element, titleOf(element, "填写")), control);
}

const pairs = (options) => (options ?? []).map(({ text, value }) => [value, textOf(text)]);

function drawSelect(element, context) {
  const { name, options, initial_option: chosen, disabled } = element;
  const control = select({ name, options: pairs(options), chosen, placeholder: textOf(element.placeholder) || "请选择", disabled });
  control.required = Boolean(element.required);
  enter(element, context, control, () => control.value);
  return labelled(star(element, titleOf(element, "选择")), control);
}

function drawManySelect(element, context) {
  const { name, options, selected_values: chosen = [], disabled } = element;
  const control = boxes({ name, title: star(element, titleOf(element, "可多选")), options: pairs(options), chosen, many: true, disabled });
  const first = control.querySelector("input") ?? control;
  enter(element, context, first, () => checkedIn(control));
  return control;
}

const OFFSET = "+0800";
const INITIAL = { date: "initial_date", time: "initial_time", "datetime-local": "initial_datetime" };

function drawPicker(type, element, context) {
  const { name, disabled } = element;
  const control = el("input", { type, "data-control": name, disabled, required: element.required });
  control.value = (element[INITIAL[type]] ?? "").replace(" ", "T");
  enter(element, context, control, () => control.value && `${control.value.replace("T", " ")} ${OFFSET}`);
  return labelled(star(element, titleOf(element, "日期")), control);
}
