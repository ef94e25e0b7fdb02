// The customer's side: becomes a WeCom contact of the salesperson.

import * as api from "./api.js";
import { el } from "./dom.js";
import { labelled } from "./controls.js";

export class CustomerPanel {
  constructor(seat) {
    this.seat = seat;
    this.friends = new Set();
    this.name = this.input("name", "李女士", true);
    this.company = this.input("company", "江北医院");
    this.channel = this.input("channel", "展会3号馆");
    this.node = el("form", { class: "befriend", onsubmit: (event) => this.onSubmit(event) },
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

  // A message to somebody says that they have become contacts.
  look({ to }) {
    this.welcome({ name: to, seller: this.seat.seller });
  }
}
