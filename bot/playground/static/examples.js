// What a newcomer can try: one sentence of advice, and sentences that fill the salesperson's composer.

import { el } from "./dom.js";

const EXAMPLES = [
  "张总说价格高，对比了XX，样机下周三前寄出",
  "不对，是X2型号",
  "李主任说下周再议，预算还没批",
  "今日",
  "撤回",
  "帮助",
];

const FIRST = "你是销售：点一句例句，按 Enter 发出，看机器人听懂了什么、把任务派给了谁。";
const THEN = "到「交付」席位回应任务卡，或把上面的时钟往前拨，看谁会在什么时候被提醒。";

export function hint(begun) {
  const sentence = begun ? THEN : FIRST;
  const place = document.getElementById("hint");
  if (place.textContent !== sentence) place.textContent = sentence;
}

export function offerExamples(choose) {
  const items = EXAMPLES.map((text) =>
    el("li", {}, el("button", { type: "button", onclick: () => choose(text) }, text)));
  document.getElementById("examples").replaceChildren(...items);
}
