// Inputs of Feishu's cards, and what the client reports when their form is sent.

import { boxes, checkedIn, labelled, select } from "./controls.js";
import { el } from "./dom.js";
import { FLAVOURS, markdown } from "./markdown.js";

const OFFSET = "+0800";

// A text object: plain, or markdown.
export function textOf(held) {
  return held?.tag === "lark_md" ? markdown(held.content, FLAVOURS.feishu) : held?.content ?? "";
}

export const callbackOf = ({ behaviors }) => behaviors?.find(({ type }) => type === "callback")?.value;

export const INPUTS = {
  input: drawInput,
  select_static: drawSelect,
  multi_select_static: drawManySelect,
  date_picker: drawDatePicker,
  checker: (it, context) => placed(it, context,
    boxes({ name: it.name, options: [["", textOf(it.text)]], chosen: [], many: true }), () => true),
};

// The values of a filled form, or the first required input that is empty.
export function filledIn(form) {
  const values = {};
  for (const { name, required, control, read } of form) {
    const value = read();
    const missing = Boolean(required && !value.length);
    control.setAttribute("aria-invalid", missing);
    if (missing) return { missing: control.querySelector("input") ?? control };
    if (value.length) values[name] = value;
  }
  return { values };
}

// Joins an input to its form; outside of one it reports its changes.
function placed(element, { act, form }, control, read) {
  const { tag, name, required, label } = element;
  const value = callbackOf(element);
  if (form) form.push({ name, required, control, read });
  else if (value) control.addEventListener("change", () =>
    act({ tag, value, name, [tag === "checker" ? "checked" : "option"]: read() }, control));
  if (label) return labelled(textOf(label), control);
  control.setAttribute("aria-label", textOf(element.placeholder ?? element.text) || name);
  return el("div", { class: "field" }, control);
}

function drawInput(element, context) {
  const { name, input_type: type, rows, default_value: value = "", max_length: maxlength, placeholder, disabled } = element;
  const control = el(type === "multiline_text" ? "textarea" : "input", {
    "data-control": name, rows, maxlength, disabled, placeholder: textOf(placeholder) });
  control.value = value;
  return placed(element, context, control, () => control.value.trim());
}

const pairs = (options) => options.map(({ text, value }) => [value, textOf(text)]);

function drawSelect(element, context) {
  const { name, options, initial_option: chosen, placeholder, disabled } = element;
  const control = select({ name, options: pairs(options), chosen, placeholder: textOf(placeholder) || "请选择", disabled });
  return placed(element, context, control, () => control.value);
}

function drawManySelect(element, context) {
  const { name, options, selected_values: chosen = [], placeholder, disabled } = element;
  const control = boxes({ name, title: textOf(placeholder), options: pairs(options), chosen, many: true, disabled });
  return placed(element, context, control, () => checkedIn(control));
}

function drawDatePicker(element, context) {
  const { name, initial_date: value = "", disabled } = element;
  const control = el("input", { type: "date", "data-control": name, disabled });
  control.value = value;
  return placed(element, context, control, () => control.value && `${control.value} ${OFFSET}`);
}
