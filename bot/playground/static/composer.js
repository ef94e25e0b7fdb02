// Where a person writes to the bot: Enter sends, Shift+Enter breaks the line.

import { el, freshId } from "./dom.js";

// `send` tells whether it went out; what did not stays in the box.
export class Composer {
  constructor(label, send) {
    this.send = send;
    const id = freshId("write");
    this.input = el("textarea", { id, rows: 1, maxlength: 4000, placeholder: "写一句话",
      autocomplete: "off", onkeydown: (event) => this.onKey(event) });
    this.voice = el("button", { type: "button", class: "voice", "aria-pressed": "false",
      title: "作为语音发出，文字就是识别结果", onclick: () => this.toggleVoice() }, "语音");
    this.node = el("form", { class: "composer", onsubmit: (event) => this.onSubmit(event) },
      el("label", { for: id, class: "unseen" }, label),
      this.voice, this.input, el("button", { class: "send" }, "发送"));
  }

  fill(text) {
    this.input.value = text;
    this.input.focus();
  }

  toggleVoice() {
    const on = this.voice.getAttribute("aria-pressed") !== "true";
    this.voice.setAttribute("aria-pressed", on);
    this.input.placeholder = on ? "写下语音里说的话" : "写一句话";
  }

  onKey(event) {
    // While an input method composes, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.node.requestSubmit();
  }

  async onSubmit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text || this.busy) return;
    this.busy = true;
    const spoken = this.voice.getAttribute("aria-pressed") === "true";
    const sent = await this.send(text, spoken ? "voice" : "text");
    if (sent && this.input.value.trim() === text) this.input.value = "";
    this.busy = false;
  }
}
