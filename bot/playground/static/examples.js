// What a newcomer can try: the next step, and sentences that fill the salesperson's composer.

import { el } from "./dom.js";

const EXAMPLES = [
  "张总说价格高，对比了XX，样机下周三前寄出",
  "不对，是X2型号",
  "李主任说下周再议，预算还没批",
  "+跟进 张总",
  "今日",
  "撤回",
  "帮助",
];

// The story's next step, told by the cards that each part has seen and the edits of them.
const STEPS = [
  [({ sales }) => !sales.cards, "你是销售：点一句例句，发出去，看一诺听懂了什么。"],
  [({ delivery }) => !delivery.cards, "听懂的都在卡上：对就点「确认」，不对就说“不对，是……”。"],
  [({ delivery }) => !delivery.edits, "任务到了「交付」：点「接单」，或选一天再点「最早这天」。"],
  [({ manager }) => !manager.cards, "「销售」有了答复。再说“不对，是X2型号”，或把时钟往前拨，看谁会被提醒。"],
  [() => true, "「主管」只收到要他拿主意的事。也可以让「客户」加销售为好友。"],
];

export function hint(seats) {
  const seen = Object.fromEntries([...seats].map((seat) => [seat.role, seat.seen()]));
  const [, sentence] = STEPS.find(([isNext]) => isNext(seen));
  const place = document.getElementById("hint");
  if (place.textContent !== sentence) place.textContent = sentence;
}

export function offerExamples(choose) {
  const items = EXAMPLES.map((text) =>
    el("li", {}, el("button", { type: "button", onclick: () => choose(text) }, text)));
  document.getElementById("examples").replaceChildren(...items);
}
