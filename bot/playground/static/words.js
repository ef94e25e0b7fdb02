// The plain words inside a payload, wherever its platform keeps them.

export function words({ text, content, spoken, recognition, file_name: named, fileName: file = named }) {
  return text ?? content ?? spoken ?? recognition ?? file ?? "";
}

// One line for the ears: what a screen reader says when the message arrives.
export function summary({ payload, content }) {
  if (content !== "card") return words(payload).slice(0, 60) || "一条消息";
  const title = payload.main_title?.title ?? payload.header?.title?.content
    ?? payload.cardParamMap?.title ?? payload.title;
  return title ? `卡片「${title}」` : "一张卡片";
}
