// The page: what happens when.

import * as answers from "./answers.js";
import * as api from "./api.js";
import * as filters from "./filters.js";
import * as subject from "./subject.js";
import * as timeline from "./timeline.js";
import { say } from "./times.js";

const $ = (id) => document.getElementById(id);
let gallery = null;
let running = null;
let opened = null;
let found = [];

// --- Light and dark, remembered.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? (dark.matches ? "dark" : "light");
};
dark.addEventListener("change", paint);
$("theme").addEventListener("click", () => {
  localStorage.setItem("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  paint();
});
paint();

// --- Who asks.
async function start() {
  if (!api.token.get()) return askForToken("");
  try {
    gallery = await api.describe();
  } catch (error) {
    return fail(error);
  }
  $("sign-out").hidden = false;
  showGallery();
}

function showGallery() {
  const cameras = gallery.cameras.length;
  const parts = [`${gallery.rows.toLocaleString()} crops`, `${cameras} camera${cameras === 1 ? "" : "s"}`];
  if (gallery.first_seen !== null) parts.push(`${say(gallery.first_seen)} to ${say(gallery.last_seen)}`);
  if (gallery.model) parts.push(gallery.model);
  $("facts").textContent = $("facts").title = parts.join("  ·  ");
  filters.prepare(gallery);
}

function askForToken(message) {
  $("sign-in-trouble").textContent = message;
  $("sign-in-trouble").hidden = !message;
  if (!$("sign-in").open) $("sign-in").showModal();
}

$("sign-in").addEventListener("cancel", (event) => event.preventDefault());
$("sign-in").addEventListener("submit", () => {
  api.token.set($("token").value.trim());
  $("token").value = "";
  start();
});
$("sign-out").addEventListener("click", () => {
  api.token.forget();
  location.reload();
});

function fail(error) {
  if (error.name === "AbortError") return;
  if (error.status === 401) {
    api.token.forget();
    askForToken("That token is not known here.");
    return;
  }
  $("status").textContent = "";
  $("trouble").textContent = error.message;
  $("trouble").hidden = false;
}

// --- Asking.
async function search() {
  const asked = subject.current();
  const question = filters.read();
  if (!asked || !question || !gallery) return;
  running?.abort();
  const mine = (running = new AbortController());
  $("trouble").hidden = true;
  $("status").textContent = "Searching…";
  document.body.classList.add("busy");
  try {
    const box = asked.box && { box: asked.box.map(Math.round).join(",") };
    const answer = asked.blob
      ? await api.search(asked.blob, { ...question, ...box }, mine.signal)
      : await api.similar(asked.row, question, mine.signal);
    showAnswers(answer);
  } catch (error) {
    fail(error);
  } finally {
    if (running === mine) document.body.classList.remove("busy");
  }
}

function showAnswers(answer) {
  found = answer.answers;
  $("empty").hidden = true;
  const count = found.length;
  $("status").textContent = count
    ? `${count} answer${count === 1 ? "" : "s"} in ${Math.max(1, Math.round(answer.milliseconds))} ms${verdict(answer)}`
    : "No crop of the gallery passes these filters.";
  answers.show(found, open);
  timeline.show(found, open);
  if (matchMedia("(max-width: 820px)").matches && count) $("answers").scrollIntoView({ block: "start" });
}

// The answers to another image would only mislead.
function forgetAnswers() {
  running?.abort();
  found = [];
  $("status").textContent = "";
  $("empty").hidden = false;
  answers.show(found, open);
  timeline.show(found, open);
}

function verdict(answer) {
  if (answer.threshold === null || !found.length) return "";
  return found[0].score >= answer.threshold
    ? "; the best one is above the threshold of a known person"
    : "; none reaches the threshold: probably nobody the gallery knows";
}

async function take(file, name) {
  if (!file || !gallery) return;
  $("trouble").hidden = true;
  if (file.size > gallery.limits.upload_bytes) {
    const most = (gallery.limits.upload_bytes / 1e6).toLocaleString();
    return fail(new Error(`The image is larger than ${most} MB; choose a smaller one.`));
  }
  try {
    await subject.showUpload(file, name);
  } catch {
    subject.clear();
    fail(new Error("That file is no image that can be shown: expected a JPEG, PNG, WebP or BMP."));
  }
}

subject.onChange(({ ready }) => {
  const asked = subject.current();
  $("search").disabled = !asked;
  if (ready) search();
  else forgetAnswers();
  if (asked && !ready) $("status").textContent = "Draw a box around one person of the frame, or search the whole image.";
});
filters.onChange(search);
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
$("clear").addEventListener("click", () => {
  filters.clear();
  search();
});
$("file").addEventListener("change", (event) => take(event.target.files[0], event.target.files[0]?.name));
document.addEventListener("paste", (event) => take(event.clipboardData?.files[0], ""));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  take(event.dataTransfer.files[0], event.dataTransfer.files[0]?.name);
});

// --- One crop.
function open(answer) {
  opened = answer;
  const facts = [["Score", answer.score.toFixed(4)]];
  if (answer.probability !== null) facts.push(["Probability", answers.percent(answer.probability)]);
  if (answer.camera !== null) facts.push(["Camera", answer.camera]);
  if (answer.time !== null) facts.push(["Time", say(answer.time)]);
  if (answer.tracklet !== null) facts.push(["Tracklet", answer.tracklet]);
  for (const [name, value] of Object.entries(answer.attributes)) facts.push([name, value]);
  facts.push(["Row", answer.row]);
  $("details-title").textContent = answers.name(answer);
  $("details-facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [answers.element("dt", "", name), answers.element("dd", "", String(value))]),
  );
  $("delete").textContent = answer.pid === null ? "Delete this crop" : "Delete this person";
  $("delete").hidden = !gallery.can_delete;
  $("details-picture").removeAttribute("src");
  api.picture(answer.row).then((address) => ($("details-picture").src = address), () => {});
  $("details").showModal();
}

$("close").addEventListener("click", () => $("details").close());
$("more").addEventListener("click", async () => {
  $("details").close();
  try {
    await subject.showRow(opened.row, await api.picture(opened.row), `${answers.name(opened)}, from the gallery`);
  } catch (error) {
    return fail(error);
  }
  $("search").disabled = false;
  search();
});

// --- Deleting, never without a second question.
$("delete").addEventListener("click", async () => {
  try {
    const count = opened.pid === null ? 1 : (await api.person(opened.pid)).rows;
    $("confirm-title").textContent = opened.pid === null ? "Delete this crop?" : `Delete person ${opened.pid}?`;
    $("confirm-text").textContent =
      `${count} crop${count === 1 ? "" : "s"} will be taken out of the gallery for good, and the deletion is written to the audit log.`;
    $("confirm").showModal();
    $("keep").focus();
  } catch (error) {
    $("details").close();
    fail(error);
  }
});
$("keep").addEventListener("click", () => $("confirm").close());
$("really").addEventListener("click", async () => {
  const { pid, row } = opened;
  $("really").disabled = true;
  try {
    const done = pid === null ? await api.deleteRow(row) : await api.deletePerson(pid);
    const gone = (answer) => (pid === null ? answer.row === row : answer.pid === pid);
    for (const answer of found.filter(gone)) api.forget(answer.row);
    found = found.filter((answer) => !gone(answer));
    if (gone({ row: subject.current()?.row, pid: undefined })) subject.clear();
    answers.show(found, open);
    timeline.show(found, open);
    gallery = await api.describe();
    showGallery();
    $("status").textContent = `${done.deleted} crop${done.deleted === 1 ? "" : "s"} deleted.`;
  } catch (error) {
    fail(error);
  } finally {
    $("really").disabled = false;
    $("confirm").close();
    $("details").close();
  }
});

start();
