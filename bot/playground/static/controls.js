// Inputs that several platforms' cards share: native controls with a label, so keys and readers work.

import { el, freshId } from "./dom.js";

export function labelled(title, control) {
  const id = freshId("in");
  control.id = id;
  return el("div", { class: "field" }, el("label", { for: id }, title), control);
}

// `options` are [value, text] pairs; an empty first line stands for "nothing chosen yet".
export function select({ name, options, chosen, placeholder, disabled }) {
  const node = el("select", { "data-control": name, disabled },
    placeholder ? el("option", { value: "" }, placeholder) : null,
    options.map(([value, text]) => el("option", { value }, text)));
  node.value = options.some(([value]) => value === chosen) ? chosen : (placeholder ? "" : options[0]?.[0]);
  return node;
}

// Several (or one) of a few, as boxes that look like pills.
export function boxes({ name, title, options, chosen, many, disabled }) {
  const group = freshId(name);
  const items = options.map(([value, text]) => el("label", { class: "pill" },
    el("input", { type: many ? "checkbox" : "radio", name: group, value, disabled,
      checked: chosen.includes(value), "data-control": `${name}=${value}` }),
    el("span", {}, text)));
  return el("fieldset", { class: "boxes" }, title ? el("legend", {}, title) : null, items);
}

export const checkedIn = (fieldset) =>
  [...fieldset.querySelectorAll("input:checked")].map((input) => input.value);

export function button(text, { kind = "default", control, disabled, press }) {
  return el("button", {
    type: "button", class: `act act-${kind}`, disabled, "data-control": control ?? text,
    onclick: (event) => press?.(event.currentTarget),
  }, text);
}
