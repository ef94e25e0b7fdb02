// The plain words inside a payload, wherever its platform keeps them.

export function words(payload) {
  const held = payload?.text ?? payload?.content ?? payload?.recognition ?? payload;
  if (typeof held === "string") return fromJson(held)?.text ?? held;
  return held?.content ?? held?.text ?? "";
}

function fromJson(text) {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// One line for the ears: what a screen reader says when the message arrives.
export function summary({ payload, content }) {
  if (content !== "card") return words(payload).slice(0, 60) || "一条消息";
  const card = payload.template_card ?? payload;
  const title = card.main_title?.title ?? card.header?.title?.content
    ?? payload.cardData?.cardParamMap?.title ?? card.title;
  return title ? `卡片「${title}」` : "一张卡片";
}
