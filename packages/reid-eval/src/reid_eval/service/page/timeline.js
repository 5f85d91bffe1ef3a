// Where the answers were seen, and when: a lane a camera, a dot a crop.

import { label, likely } from "./answers.js";
import { short } from "./times.js";

const NS = "http://www.w3.org/2000/svg";
const LANE = 30, LEFT = 84, RIGHT = 16, FOOT = 26, TOP = 6;
const holder = document.getElementById("timeline");
let drawn = null;

function node(name, attributes, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export function show(answers, open) {
  const seen = answers.filter((answer) => answer.time !== null && answer.camera !== null);
  drawn = seen.length ? { seen, answers, open } : null;
  holder.hidden = !drawn;
  if (drawn) render();
}

function render() {
  const { seen, answers, open } = drawn;
  const cameras = [...new Set(seen.map((answer) => answer.camera))].sort((a, b) => a - b);
  const width = Math.max(280, holder.clientWidth - 32);
  const height = TOP + cameras.length * LANE + FOOT;
  const first = Math.min(...seen.map((answer) => answer.time));
  const last = Math.max(...seen.map((answer) => answer.time));
  const span = last - first || 1;
  const x = (time) => (last === first ? (LEFT + width - RIGHT) / 2 : LEFT + 12 + ((time - first) / span) * (width - LEFT - RIGHT - 24));
  const y = (camera) => TOP + (cameras.indexOf(camera) + 0.5) * LANE;
  const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
  svg.append(node("title", {}, `${seen.length} crops on ${cameras.length} cameras`));
  for (const camera of cameras) {
    svg.append(node("line", { class: "lane", x1: LEFT, x2: width - RIGHT, y1: y(camera), y2: y(camera) }));
    svg.append(node("text", { class: "tick", x: 0, y: y(camera) + 4 }, `Camera ${camera}`));
  }
  ticks(svg, { first, last, span, width, height, x });
  const same = seen.filter((answer) => likely(answer, answers)).sort((a, b) => a.time - b.time);
  if (same.length > 1) {
    const points = same.map((answer) => `${x(answer.time)},${y(answer.camera)}`).join(" ");
    svg.append(node("polyline", { class: "way", points }));
  }
  for (const answer of [...seen].reverse()) svg.append(dot(answer, answers, x, y, open));
  holder.replaceChildren(heading(answers), svg);
}

function heading(answers) {
  const title = document.createElement("h2");
  const legend = document.createElement("small");
  const sure = answers.some((answer) => answer.probability !== null);
  title.textContent = "Timeline";
  legend.textContent = sure
    ? "Green: at least 50 % probable, joined in order of time"
    : "Green: the name of the best answer, joined in order of time";
  title.append(legend);
  return title;
}

function ticks(svg, { first, last, span, width, height, x }) {
  const count = last === first ? 1 : Math.max(2, Math.min(6, Math.floor((width - LEFT) / 130)));
  for (let place = 0; place < count; place += 1) {
    const time = count === 1 ? first : first + (span * place) / (count - 1);
    const anchor = count === 1 ? "middle" : place === 0 ? "start" : place === count - 1 ? "end" : "middle";
    svg.append(node("text", { class: "tick", x: x(time), y: height - 4, "text-anchor": anchor }, short(time, span)));
  }
}

function dot(answer, answers, x, y, open) {
  const rank = answers.indexOf(answer) + 1;
  const made = node("circle", {
    class: likely(answer, answers) ? "dot likely" : "dot",
    cx: x(answer.time),
    cy: y(answer.camera),
    r: rank === 1 ? 8 : 6,
    "fill-opacity": Math.max(0.25, Math.min(1, answer.probability ?? answer.score)),
    "data-row": answer.row,
  });
  made.append(node("title", {}, label(answer, rank)));
  made.addEventListener("click", () => open(answer));
  return made;
}

// A crop and its dot light up together.
function light(event, on) {
  const row = event.target.closest?.("[data-row]")?.dataset.row;
  if (!row) return;
  for (const twin of document.querySelectorAll(`[data-row="${CSS.escape(row)}"]`)) twin.classList.toggle("near", on);
}
for (const [start, end] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  document.addEventListener(start, (event) => light(event, true));
  document.addEventListener(end, (event) => light(event, false));
}
new ResizeObserver(() => drawn && render()).observe(document.getElementById("answers"));
