// Seconds, as people say them: dates where they count from 1970, else days and hours.

const CALENDAR = 1e9;

export const isCalendar = (seconds) => Math.abs(seconds) >= CALENDAR;

const two = (number) => String(number).padStart(2, "0");

function elapsed(seconds) {
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86400);
  const clock = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return days ? `day ${days + 1}, ${clock}` : clock;
}

export function say(seconds) {
  if (!isCalendar(seconds)) return elapsed(seconds);
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

// Without the year, for where there is little room.
export function brief(seconds) {
  if (!isCalendar(seconds)) return elapsed(seconds);
  const options = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  return new Date(seconds * 1000).toLocaleString(undefined, options);
}

export function short(seconds, span) {
  if (!isCalendar(seconds)) return elapsed(seconds);
  const options = span > 172800 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit", hour12: false };
  return new Date(seconds * 1000).toLocaleString(undefined, options);
}

// What an input holds, as seconds; null where it holds nothing, NaN where it makes no sense.
export function read(input) {
  const text = input.value.trim();
  if (!text) return null;
  if (input.type === "datetime-local") return new Date(text).getTime() / 1000;
  const parts = /^(?:(?:day\s+)?(\d+)[,\s]\s*)?(\d+):([0-5]?\d)(?::([0-5]?\d))?$/i.exec(text);
  if (!parts) return NaN;
  const [, day, hours, minutes, seconds] = parts;
  return (Number(day ?? 1) - 1) * 86400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0);
}

export function prepare(input, first, last, isEnd) {
  if (isCalendar(last)) {
    input.type = "datetime-local";
    input.step = 1;
  } else {
    input.type = "text";
    input.placeholder = elapsed(isEnd ? Math.ceil(last) : first);
  }
}
