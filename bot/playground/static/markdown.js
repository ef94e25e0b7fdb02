// The platforms' subsets of markdown, drawn as elements. What a platform does not know stays literal.

import { el, link } from "./dom.js";

const INLINE = {
  escape: [/\\([!-/:-@[-`{-~])/y, (m) => m[1]],
  entity: [/&(?:#(\d+)|(amp|lt|gt|quot|nbsp));/y, (m) => entity(m)],
  code: [/`([^`\n]+)`/y, (m) => el("code", {}, m[1])],
  bold: [/\*\*(?=\S)(.+?)\*\*/y, (m, flavour) => el("b", {}, inline(m[1], flavour))],
  strike: [/~~(?=\S)(.+?)~~/y, (m, flavour) => el("s", {}, inline(m[1], flavour))],
  italic: [/\*(?=[^\s*])([^*\n]+)\*/y, (m, flavour) => el("i", {}, inline(m[1], flavour))],
  link: [/\[([^\]\n]*)\]\(([^)\s]+)\)/y, (m) => link(m[1], m[2])],
  anchor: [/<a href="([^"]*)">(.*?)<\/a>/y, (m) => link(m[2], m[1])],
  font: [/<font color=["']?([\w-]+)["']?>(.*?)<\/font>/y, (m, flavour) =>
    el("span", { class: `ink ink-${m[1]}` }, inline(m[2], flavour))],
  at: [/<at (?:user_)?id=["']?([\w.@-]+)["']?>(.*?)<\/at>/y, (m) =>
    el("span", { class: "mention" }, `@${m[2] || m[1]}`)],
  tag: [/<text_tag color=["']?([\w-]+)["']?>(.*?)<\/text_tag>/y, (m) =>
    el("span", { class: `chip chip-${m[1]}` }, m[2])],
};

export const FLAVOURS = {
  wecom: { inline: ["code", "bold", "link", "font"], breaks: true },
  feishuText: { inline: ["at", "link"], plain: true },
  wecomText: { inline: ["anchor"], plain: true },
  dingtalk: { inline: ["escape", "entity", "code", "bold", "italic", "link", "font"] },
  feishu: {
    inline: ["escape", "entity", "code", "bold", "strike", "italic", "link", "font", "at", "tag"],
    breaks: true,
  },
};

function entity([, code, name]) {
  if (code) return String.fromCodePoint(Math.min(Number(code), 0x10ffff));
  return { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0" }[name];
}

export function inline(text, flavour) {
  const rules = flavour.inline.map((name) => INLINE[name]);
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const found = firstMatch(rules, text, at);
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(found.build(found.match, flavour));
    at += found.match[0].length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function firstMatch(rules, text, at) {
  for (const [pattern, build] of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { match, build };
  }
  return null;
}

const BLOCKS = [
  ["hr", /^\s*(?:-{3,}|\*{3,})\s*$/],
  ["heading", /^(#{1,6})\s+(.*)$/],
  ["quote", /^>\s?(.*)$/],
  ["item", /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/],
];

function block(line) {
  for (const [kind, pattern] of BLOCKS) {
    const match = pattern.exec(line);
    if (match) return { kind, match };
  }
  return { kind: line.trim() ? "text" : "gap", match: [line, line] };
}

// Lines of the same kind that follow each other belong together.
export function markdown(text, flavour) {
  const root = el("div", { class: "md" });
  if (flavour.plain) return fill(root, text.split("\n"), flavour);
  let open = null;
  for (const line of text.split("\n")) {
    const { kind, match } = block(line);
    if (kind === "gap" || kind === "hr" || kind === "heading") open = null;
    if (kind === "hr") root.append(el("hr"));
    if (kind === "heading") {
      root.append(el("p", { class: "h" }, inline(match[2], flavour)));
    }
    if (kind === "item") open = appendItem(root, open, match, flavour);
    if (kind === "quote" || kind === "text") open = appendLine(root, open, kind, match[1], flavour);
  }
  return root;
}

function fill(root, lines, flavour) {
  lines.forEach((line, index) => root.append(...(index ? [el("br")] : []), ...inline(line, flavour)));
  return root;
}

function appendItem(root, open, match, flavour) {
  const tag = match[1] ? "ol" : "ul";
  const list = open?.localName === tag ? open : el(tag, match[1] ? { start: match[1] } : {});
  list.append(el("li", {}, inline(match[2], flavour)));
  if (list !== open) root.append(list);
  return list;
}

function appendLine(root, open, kind, line, flavour) {
  const tag = kind === "quote" ? "blockquote" : "p";
  const continues = open?.localName === tag;
  const holder = continues ? open : el(tag);
  if (continues) holder.append(flavour.breaks || holder.hardBreak ? el("br") : " ");
  holder.append(...inline(line.trim(), flavour));
  holder.hardBreak = /\s{2}$/.test(line);
  if (!continues) root.append(holder);
  return holder;
}
