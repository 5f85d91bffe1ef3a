// Who is searched for: an image with a box around the person, or a crop of the gallery.

const $ = (id) => document.getElementById(id);
const stage = $("stage"), picture = $("picture"), box = $("box");
const LEAST = 8, STEP = 4;
const UPRIGHT = 1.4; // crops of people are higher than wide; frames are not

let image = null; // { blob, row }
let area = null; // of the box, in pixels of the image: [left, top, right, bottom]
let changed = () => {};

export const current = () => image && { ...image, box: area };
export const isFrame = () => Boolean(image?.blob) && picture.naturalHeight < UPRIGHT * picture.naturalWidth;

export function onChange(listener) {
  changed = listener;
}

export async function showUpload(blob, name) {
  await show(URL.createObjectURL(blob), name || "Pasted image");
  image = { blob };
  area = null;
  stage.classList.remove("fixed");
  draw();
  changed({ ready: !isFrame() });
}

export async function showRow(row, address, name) {
  await show(address, name);
  image = { row };
  area = null;
  stage.classList.add("fixed");
  draw();
}

export function clear() {
  image = area = null;
  picture.removeAttribute("src");
  $("subject").hidden = true;
  $("drop").hidden = false;
  $("file").value = "";
  changed({ ready: false });
}

async function show(address, name) {
  const before = picture.src;
  picture.src = address;
  await picture.decode();
  if (before.startsWith("blob:") && image?.blob) URL.revokeObjectURL(before);
  stage.classList.toggle("upright", picture.naturalHeight >= UPRIGHT * picture.naturalWidth);
  $("subject-name").textContent = name;
  $("subject").hidden = false;
  $("drop").hidden = true;
}

function draw() {
  const uploaded = Boolean(image?.blob);
  box.hidden = !area;
  $("box-help").hidden = !uploaded;
  $("whole").hidden = !uploaded || !area;
  $("place").hidden = !uploaded || Boolean(area);
  if (!area) return;
  const [left, top, right, bottom] = area;
  const { naturalWidth: width, naturalHeight: height } = picture;
  box.style.left = `${(100 * left) / width}%`;
  box.style.top = `${(100 * top) / height}%`;
  box.style.width = `${(100 * (right - left)) / width}%`;
  box.style.height = `${(100 * (bottom - top)) / height}%`;
}

function place(event) {
  const frame = picture.getBoundingClientRect();
  const inside = (value, most) => Math.min(Math.max(value, 0), most);
  return [
    inside(((event.clientX - frame.left) / frame.width) * picture.naturalWidth, picture.naturalWidth),
    inside(((event.clientY - frame.top) / frame.height) * picture.naturalHeight, picture.naturalHeight),
  ];
}

stage.addEventListener("pointerdown", (event) => {
  if (!image?.blob || event.button) return;
  event.preventDefault();
  const before = area, [x, y] = place(event);
  stage.setPointerCapture(event.pointerId);
  const drag = (move) => {
    const [u, v] = place(move);
    area = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
    draw();
  };
  const done = () => {
    stage.removeEventListener("pointermove", drag);
    stage.removeEventListener("pointerup", done);
    stage.removeEventListener("pointercancel", done);
    const large = area && area[2] - area[0] >= LEAST && area[3] - area[1] >= LEAST;
    const moved = area !== before;
    if (!large) area = before;
    draw();
    if (large && moved) changed({ ready: true });
  };
  stage.addEventListener("pointermove", drag);
  stage.addEventListener("pointerup", done);
  stage.addEventListener("pointercancel", done);
});

box.addEventListener("keydown", (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!way) return;
  event.preventDefault();
  const step = Math.max(STEP, picture.naturalWidth / 100);
  let [left, top, right, bottom] = area;
  const dx = way[0] * step, dy = way[1] * step;
  const { naturalWidth: width, naturalHeight: height } = picture;
  if (event.shiftKey) {
    right = Math.min(Math.max(right + dx, left + LEAST), width);
    bottom = Math.min(Math.max(bottom + dy, top + LEAST), height);
  } else {
    const x = Math.min(Math.max(dx, -left), width - right), y = Math.min(Math.max(dy, -top), height - bottom);
    [left, top, right, bottom] = [left + x, top + y, right + x, bottom + y];
  }
  area = [left, top, right, bottom];
  draw();
  changed({ ready: true });
});

// Without a pointer, a box in the middle is where the arrow keys start.
$("place").addEventListener("click", () => {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const half = Math.min(width / 2, height * 0.2);
  area = [width / 2 - half, height * 0.1, width / 2 + half, height * 0.9];
  draw();
  box.focus();
  changed({ ready: true });
});

$("whole").addEventListener("click", () => {
  area = null;
  draw();
  changed({ ready: true });
});
$("another").addEventListener("click", () => {
  clear();
  $("file").focus();
});
