// The ranked crops, and what is known of each.

import { picture } from "./api.js";
import { brief, say } from "./times.js";

const $ = (id) => document.getElementById(id);
const LIKELY = 0.5;

export const percent = (share) => `${Math.round(100 * share)} %`;
export const name = ({ pid }) => (pid === null ? "Unnamed" : `Person ${pid}`);

// Which answers may well show the same person: by probability, or else by the best one's name.
export function likely(answer, answers) {
  if (answer.probability !== null) return answer.probability >= LIKELY;
  return answer.pid !== null && answer.pid === answers[0].pid;
}

export function element(tag, classes, ...children) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

export async function fill(holder, answer) {
  try {
    const image = document.createElement("img");
    image.src = await picture(answer.row);
    image.alt = "";
    holder.querySelector("img, .none")?.remove();
    holder.prepend(image);
  } catch {
    holder.querySelector("img, .none")?.remove();
    holder.prepend(element("span", "none", "The image is no longer where the gallery found it"));
  }
}

function card(answer, rank, answers, open) {
  const crop = element("span", "crop", element("span", "rank", String(rank)));
  const worth = answer.probability === null ? "" : percent(answer.probability);
  const meter = element("span", "meter", document.createElement("i"));
  meter.firstChild.style.width = percent(Math.max(0, Math.min(1, answer.probability ?? answer.score)));
  const lines = element(
    "span",
    "said",
    element("span", "worth", worth || answer.score.toFixed(3), element("span", "", worth && answer.score.toFixed(3))),
    meter,
    element("span", "", name(answer)),
    element("span", "", answer.camera === null ? "Unknown camera" : `Camera ${answer.camera}`),
  );
  if (answer.time !== null) lines.append(element("span", "", brief(answer.time)));
  const button = element("button", `card${likely(answer, answers) ? " likely" : ""}`, crop, lines);
  button.type = "button";
  button.dataset.row = answer.row;
  button.setAttribute("aria-label", label(answer, rank));
  button.title = worth ? `Probability ${worth}, score ${answer.score.toFixed(3)}` : `Score ${answer.score.toFixed(3)}`;
  button.addEventListener("click", () => open(answer));
  fill(crop, answer);
  return element("li", "", button);
}

export function label(answer, rank) {
  const parts = [`Answer ${rank}`, name(answer)];
  if (answer.camera !== null) parts.push(`camera ${answer.camera}`);
  if (answer.time !== null) parts.push(say(answer.time));
  parts.push(`score ${answer.score.toFixed(3)}`);
  if (answer.probability !== null) parts.push(`probability ${percent(answer.probability)}`);
  return parts.join(", ");
}

export function show(answers, open) {
  $("cards").replaceChildren(...answers.map((answer, place) => card(answer, place + 1, answers, open)));
}

// Left and right walk through the crops, up and down through their rows.
$("cards").addEventListener("keydown", (event) => {
  const all = [...$("cards").querySelectorAll(".card")];
  const here = all.indexOf(event.target);
  if (here < 0) return;
  const columns = getComputedStyle($("cards")).gridTemplateColumns.split(" ").length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  all[Math.min(Math.max(here + step, 0), all.length - 1)].focus();
});
