// One person's chat: the messages in order, edited in place, and a composer below.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { CustomerPanel } from "./customer.js";
import { announce, el } from "./dom.js";
import { drawMessage, initial } from "./message.js";
import { apart, short } from "./moments.js";
import { summary } from "./words.js";

const CLIENTS = { wecom: "企业微信", dingtalk: "钉钉", feishu: "飞书" };
const TOAST_MS = 3500;
const EMPTY = {
  sales: "还没有消息。写一句今天跟客户聊了什么。",
  manager: "这里很安静：要主管拿主意的事才会出现。",
  delivery: "销售确认的承诺会变成任务卡，出现在这里。",
  customer: "先加销售为好友，会收到欢迎语。",
};

export class SeatView {
  constructor({ key, title, platform, member, name, role }, seller) {
    Object.assign(this, { key, title, platform, member, name, role, seller, onNews: () => {} });
    this.part = title.split(" · ")[0];
    this.client = role === "customer" ? "微信" : CLIENTS[platform];
    this.drawn = new Map();
    this.log = el("ol", { class: "log", role: "log", "aria-live": "off", tabindex: "0",
      "aria-label": `${this.title}的消息` });
    this.toastPlace = el("p", { class: "toast", hidden: true });
    const isCustomer = this.role === "customer";
    const skin = isCustomer ? "wechat" : this.platform;
    if (isCustomer) this.customer = new CustomerPanel(this);
    else this.composer = new Composer(`以${this.name}的身份写给一诺`, (...words) => this.say(...words));
    this.node = el("section", { class: `seat ${skin}`, "aria-label": `${this.title}：${this.name}` },
      el("header", {},
        el("span", { class: "face", "aria-hidden": "true" }, initial(this.name)),
        el("h2", {}, this.part, el("small", {}, this.name)),
        el("span", { class: "client" }, this.client)),
      this.log, this.toastPlace, (this.customer ?? this.composer).node);
    this.emptyLine = el("li", { class: "empty" }, EMPTY[this.role]);
    this.log.append(this.emptyLine);
  }

  async say(text, content) {
    try {
      const { message } = await api.say(this.key, text, content);
      this.put(message);
      return true;
    } catch (problem) {
      this.toast(problem.message, true);
      return false;
    }
  }

  // Shows a new message, or draws a known one again where it stands.
  put(message) {
    const known = this.drawn.get(message.id);
    if (known?.message.edits > message.edits) return; // an answer that the stream has overtaken
    if (known && JSON.stringify(known.message) === JSON.stringify(message)) return;
    this.customer?.look(message);
    const node = drawMessage(message, this, (...call) => this.act(message.id, ...call));
    if (known) this.replace(known, node, message);
    else this.append(node, message);
    this.drawn.set(message.id, { node, message });
  }

  append(node, message) {
    this.emptyLine.remove();
    if (apart(this.lastAt, message.at)) {
      this.log.append(el("li", { class: "when" }, el("time", { datetime: message.at }, short(message.at))));
    }
    this.lastAt = message.at;
    this.log.append(node);
    if (!this.settled) return;
    node.classList.add("is-new");
    this.toEnd();
    if (!message.own) this.tell(`${this.title}收到：${summary(message)}`);
  }

  replace(known, node, message) {
    const focused = focusedPlace(known.node);
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    const atEnd = scrollHeight - scrollTop - clientHeight < 40;
    known.node.replaceWith(node);
    if (focused) (focused.find(node) ?? this.log).focus({ preventScroll: true });
    if (message.edits === known.message.edits) return;
    node.classList.add("is-changed");
    if (atEnd) this.toEnd();
    this.reveal(node);
    this.tell(`${this.title}的一张卡片已更新：${summary(message)}`);
  }

  // The cards the bot has put into this chat, and how often it has changed them.
  seen() {
    const cards = [...this.drawn.values()].map(({ message }) => message)
      .filter(({ own, content }) => !own && content === "card");
    return { cards: cards.length, edits: cards.reduce((sum, { edits }) => sum + edits, 0) };
  }

  tell(sentence) {
    announce(sentence);
    this.onNews();
  }

  async act(messageId, interaction, button) {
    if (button?.getAttribute("aria-busy") === "true") return;
    button?.setAttribute("aria-busy", "true");
    try {
      const { toast, message } = await api.click(this.key, messageId, interaction);
      if (toast) this.toast(toast);
      this.put(message);
    } catch (problem) {
      this.toast(problem.message, true);
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }

  toast(sentence, bad = false) {
    this.toastPlace.textContent = sentence;
    this.toastPlace.classList.toggle("is-bad", bad);
    this.toastPlace.hidden = false;
    announce(sentence);
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { this.toastPlace.hidden = true; }, TOAST_MS);
  }

  note(sentence) {
    this.emptyLine.remove();
    this.log.append(el("li", { class: "notice" }, sentence));
    this.toEnd();
  }

  // Whether the program has forgotten what is on the screen: it was started anew.
  isStale(messages) {
    const last = [...this.drawn.keys()].at(-1);
    return last !== undefined && !messages.some(({ id }) => id === last);
  }

  settle() {
    this.settled = true;
    this.toEnd();
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  reveal(node) {
    const view = this.log.getBoundingClientRect();
    const box = node.getBoundingClientRect();
    if (box.top < view.top || box.height > view.height) this.log.scrollTop += box.top - view.top - 8;
    else if (box.bottom > view.bottom) this.log.scrollTop += box.bottom - view.bottom + 8;
  }
}

// Which control of a message has the focus, so that the redrawn message can have it back.
function focusedPlace(node) {
  if (!node.contains(document.activeElement)) return null;
  const key = document.activeElement.dataset.control;
  return { find: (fresh) => key && fresh.querySelector(`[data-control="${CSS.escape(key)}"]`) };
}
