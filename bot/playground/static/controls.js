// Inputs that several platforms' cards share: native controls, so keys and screen readers work.

import { el, freshId } from "./dom.js";

export function labelled(title, control) {
  control.id = freshId("in");
  return el("div", { class: "field" }, el("label", { for: control.id }, title), control);
}

// `options` are [value, text] pairs; `placeholder` is the line for "nothing chosen yet".
export function select({ name, options, chosen, placeholder, disabled }) {
  const lines = placeholder ? [["", placeholder], ...options] : options;
  const node = el("select", { "data-control": name, disabled }, lines.map(([value, text]) => el("option", { value }, text)));
  node.value = lines.some(([value]) => value === chosen) ? chosen : lines[0]?.[0];
  return node;
}

// Several (or one) of a few, as boxes that look like pills.
export function boxes({ name, title, options, chosen, many, disabled }) {
  const group = freshId(name);
  return el("fieldset", { class: "boxes", "aria-label": title }, options.map(([value, text]) =>
    el("label", { class: "pill" },
      el("input", { type: many ? "checkbox" : "radio", name: group, value, disabled,
        checked: chosen.includes(value), "data-control": `${name}=${value}` }),
      el("span", {}, text))));
}

export const checkedIn = (fieldset) => [...fieldset.querySelectorAll(":checked")].map(({ value }) => value);

// `control` names the button, so that the redrawn card can give it the focus back.
export function button(text, { kind = "default", control = text, disabled, pressed, press }) {
  return el("button", {
    type: "button", class: `act act-${kind}${pressed ? " was-pressed" : ""}`, disabled, "data-control": control,
    onclick: (event) => press?.(event.currentTarget),
  }, text);
}

// The line at a card's end that opens a page.
export const more = (anchor) => el("p", { class: "more" }, anchor);
