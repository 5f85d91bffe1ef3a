// Where, when and how: the filters of a search.

import * as times from "./times.js";

const $ = (id) => document.getElementById(id);

export function prepare(gallery) {
  const chosen = new Set(cameras());
  $("cameras").replaceChildren(
    ...gallery.cameras.map(({ camera, rows }) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "checkbox";
      input.value = camera;
      input.checked = chosen.has(String(camera));
      const count = document.createElement("small");
      count.textContent = rows.toLocaleString();
      label.append(input, `Camera ${camera}`, count);
      return label;
    }),
  );
  const timed = gallery.first_seen !== null;
  $("times").hidden = !timed;
  $("no-times").hidden = timed;
  if (timed) {
    $("times").classList.toggle("stacked", times.isCalendar(gallery.last_seen));
    times.prepare($("after"), gallery.first_seen, gallery.last_seen, false);
    times.prepare($("before"), gallery.first_seen, gallery.last_seen, true);
  }
  for (const option of $("top-k").options) option.hidden = option.disabled = Number(option.value) > gallery.limits.top_k;
}

const cameras = () => [...$("cameras").querySelectorAll(":checked")].map((input) => input.value);

// The question's filters, or null where an input makes no sense.
export function read() {
  const question = { camera: cameras(), top_k: $("top-k").value, group_by: $("group").value };
  for (const name of ["after", "before"]) {
    const seconds = times.read($(name));
    const wrong = Number.isNaN(seconds);
    $(name).setAttribute("aria-invalid", String(wrong));
    if (wrong) return null;
    question[name] = seconds;
  }
  return question;
}

export function clear() {
  for (const input of $("cameras").querySelectorAll(":checked")) input.checked = false;
  $("after").value = $("before").value = "";
  $("group").value = "";
}

export function onChange(listener) {
  for (const id of ["cameras", "after", "before", "top-k", "group"]) $(id).addEventListener("change", listener);
}
