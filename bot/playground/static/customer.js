// The customer's side: becomes a WeCom contact of the salesperson, later follows the progress link.

import * as api from "./api.js";
import { el, link } from "./dom.js";
import { labelled } from "./controls.js";
import { words } from "./words.js";

export class CustomerPanel {
  constructor(seat) {
    this.seat = seat;
    this.friends = new Set();
    this.name = this.input("name", "李女士", true);
    this.company = this.input("company", "江北医院");
    this.channel = this.input("channel", "展会3号馆");
    this.progress = el("p", { class: "progress", hidden: true });
    this.node = el("form", { class: "befriend", onsubmit: (event) => this.onSubmit(event) },
      this.progress,
      labelled("称呼", this.name), labelled("公司", this.company), labelled("从哪里来", this.channel),
      el("button", { class: "send" }, `加${seat.seller}为微信好友`));
  }

  input(name, value, required = false) {
    return el("input", { name, value, required, maxlength: 30, autocomplete: "off" });
  }

  async onSubmit(event) {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    try {
      const { friend } = await api.befriend({
        name: this.name.value, company: this.company.value, channel: this.channel.value,
      });
      this.welcome(friend);
    } catch (problem) {
      this.seat.toast(problem.message, true);
    } finally {
      this.busy = false;
    }
  }

  welcome({ name, seller }) {
    if (this.friends.has(name)) return;
    this.friends.add(name);
    this.seat.note(`${name}添加了${seller}，现在可以开始聊天了`);
  }

  // A link in what the customer is told is the way to the progress page.
  look({ payload, to }) {
    this.welcome({ name: to, seller: this.seat.seller });
    const url = /https?:\/\/[^\s<>]+/.exec(words(payload))?.[0];
    if (!url) return;
    this.progress.hidden = false;
    this.progress.replaceChildren("发货进度：", link("打开进度页", url), "，不用登录");
  }
}
