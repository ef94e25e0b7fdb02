// Builds elements from plain data; text always becomes text nodes, so nothing can turn into markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(Boolean));
  return node;
}

// A link that leaves the page. Anything but http(s) stays plain text.
export function link(text, url) {
  if (!/^https?:\/\//i.test(url ?? "")) return el("span", { class: "dead-link" }, text);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text);
}

let lastId = 0;
export const freshId = (prefix) => `${prefix}-${(lastId += 1)}`;

export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}
