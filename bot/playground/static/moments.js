// Moments as people read them. The program sends them in the team's own time ("2026-01-28T10:20+08:00"),
// so they are cut from the text and never moved into the browser's zone.

const WEEKDAYS = "日一二三四五六";

function parts(iso) {
  const [year, month, day] = iso.slice(0, 10).split("-").map(Number);
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  return { year, month, day, weekday, time: iso.slice(11, 16) };
}

export function spoken(iso) {
  const { year, month, day, weekday, time } = parts(iso);
  return `${year}年${month}月${day}日 周${weekday} ${time}`;
}

export function short(iso) {
  const { month, day, weekday, time } = parts(iso);
  return `${month}月${day}日 周${weekday} ${time}`;
}

const GAP_MINUTES = 10;

// Whether a chat would print the time between two messages.
export function apart(earlier, later) {
  if (!earlier || earlier.slice(0, 10) !== later.slice(0, 10)) return true;
  return Date.parse(later) - Date.parse(earlier) >= GAP_MINUTES * 60_000;
}

// 09:00 on the day after, for a date-time input.
export function nextMorning(iso) {
  const { year, month, day } = parts(iso);
  return `${new Date(Date.UTC(year, month - 1, day + 1)).toISOString().slice(0, 10)}T09:00`;
}
