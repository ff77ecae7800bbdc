"use strict";
// Draws the passages, shows the one that is pointed at, and makes a query of a theme or of what a line is drawn around.
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
const canvas = at("map"), pen = canvas.getContext("2d"), passage = at("passage");
const SIDE = 10000, MARGIN = 16, TAP = 5, NEAR = {mouse: 9, touch: 18}, KEYWORDS = 6, SURE = 3.84, PER_ESSAY = 2;
const all = data.x.map((_, i) => i);
const members = data.themes.map(() => []);
all.forEach(i => members[data.theme[i]].push(i));
const middle = members.map(own => [median(own.map(i => data.x[i])), median(own.map(i => data.y[i]))]);
const view = {scale: 1, x: 0, y: 0};
let width = 1, height = 1, waiting = false, dragging = "lasso", line = null, held = -1;
let chosen = null, theme = -1, labels = [];  // chosen: 1 for each passage that is picked; theme: the one that is, or -1

function median(numbers) {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}

// --- where things stand, in CSS pixels of the canvas

const across = x => (MARGIN + x / SIDE * (width - 2 * MARGIN)) * view.scale + view.x;
const down = y => (MARGIN + (1 - y / SIDE) * (height - 2 * MARGIN)) * view.scale + view.y;

function nearest([x, y], within) {
  let found = -1, best = within * within;
  for (let i = 0; i < all.length; i++) {
    const a = across(data.x[i]) - x, b = down(data.y[i]) - y, distance = a * a + b * b;
    if (distance < best) { best = distance; found = i; }
  }
  return found;
}

function inside(polygon) {
  return all.filter(i => {
    const x = across(data.x[i]), y = down(data.y[i]);
    let is = false;
    for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
      const [ax, ay] = polygon[a], [bx, by] = polygon[b];
      if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) is = !is;
    }
    return is;
  });
}

function zoom(factor, [x, y]) {
  const scale = Math.min(40, Math.max(1, view.scale * factor));
  view.x = x - (x - view.x) * scale / view.scale;
  view.y = y - (y - view.y) * scale / view.scale;
  view.scale = scale;
  keep();
}

function keep() {  // the map never leaves the window
  view.x = Math.min(0, Math.max(width * (1 - view.scale), view.x));
  view.y = Math.min(0, Math.max(height * (1 - view.scale), view.y));
  ask();
}

// --- drawing

function ask() {
  if (!waiting) { waiting = true; requestAnimationFrame(draw); }
}

function fit() {
  const ratio = devicePixelRatio || 1;
  width = canvas.clientWidth; height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  keep();
  draw();  // at once: a canvas of another size is empty
}

function draw() {
  waiting = false;
  const ratio = devicePixelRatio || 1, style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink"), paper = style.getPropertyValue("--card");
  const light = style.getPropertyValue("--light").trim();
  const radius = Math.min(7, Math.max(1.2, Math.sqrt(width * height / all.length) / 8) * Math.sqrt(view.scale));
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  for (const is of chosen ? [0, 1] : [1]) {  // what is picked lies on top
    pen.globalAlpha = is ? .8 : .13;
    members.forEach((own, number) => {
      pen.fillStyle = `hsl(${number * 137.5 % 360} 60% ${light})`;
      pen.beginPath();
      for (const i of own) {
        if (chosen && chosen[i] !== is) continue;
        const x = across(data.x[i]), y = down(data.y[i]);
        if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
        if (radius < 2) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else { pen.moveTo(x + radius, y); pen.arc(x, y, radius, 0, 7); }
      }
      pen.fill();
    });
  }
  pen.globalAlpha = 1;
  names(ink, paper);
  pen.strokeStyle = ink;
  if (held >= 0) {
    pen.lineWidth = 2;
    pen.beginPath(); pen.arc(across(data.x[held]), down(data.y[held]), radius + 4, 0, 7); pen.stroke();
  }
  if (line) {
    pen.lineWidth = 1.5; pen.setLineDash([5, 4]);
    pen.beginPath(); line.forEach(([x, y]) => pen.lineTo(x, y)); pen.closePath(); pen.stroke();
    pen.setLineDash([]);
  }
}

function names(ink, paper) {  // the picked theme's first, then the largest; none over another
  labels = [];
  const order = data.themes.map((_, number) => number).sort((a, b) => (b === theme) - (a === theme));
  pen.font = '600 13px system-ui, "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif';
  pen.textAlign = "center"; pen.textBaseline = "middle"; pen.lineJoin = "round";
  for (const number of order) {
    const half = pen.measureText(data.themes[number].title).width / 2 + 4;
    let x = across(middle[number][0]), y = down(middle[number][1]);
    if (x < 0 || y < 0 || x > width || y > height) continue;
    x = Math.min(width - half, Math.max(half, x)); y = Math.min(height - 10, Math.max(10, y));
    if (labels.some(l => Math.abs(l.x - x) < l.half + half && Math.abs(l.y - y) < 20)) continue;
    labels.push({number, x, y, half});
    pen.globalAlpha = theme >= 0 && theme !== number ? .45 : 1;
    pen.strokeStyle = paper; pen.lineWidth = 4; pen.strokeText(data.themes[number].title, x, y);
    pen.fillStyle = ink; pen.fillText(data.themes[number].title, x, y);
  }
  pen.globalAlpha = 1;
}

// --- what is pointed at

function show(i) {
  if (i === held) return;
  held = i;
  passage.hidden = i < 0;
  if (i >= 0) {
    const [title, text, of] = passage.children;
    title.textContent = data.titles[data.essay[i]];
    text.textContent = data.text[i];
    of.textContent = data.themes[data.theme[i]].title;
    const x = across(data.x[i]), y = down(data.y[i]);  // on a phone it stands below the map, see map.css
    passage.style.left = `${Math.max(0, Math.min(width - passage.offsetWidth, x + 14))}px`;
    passage.style.top = `${y + 18 + passage.offsetHeight < height ? y + 18 : Math.max(0, y - 14 - passage.offsetHeight)}px`;
  }
  ask();
}

// --- queries

// In how many passages of these groups (each ascending) each word stands, two of an essay in a group at most, and in how
// many essays of the groups.
function counted(groups) {
  const counts = new Uint32Array(data.words.length), essays = new Uint32Array(data.words.length);
  let size = 0;
  for (const rows of groups)
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const own = new Map();
    for (; to < rows.length && data.essay[rows[to]] === data.essay[rows[from]]; to++)
      for (const word of data.holds[rows[to]]) own.set(word, (own.get(word) || 0) + 1);
    size += Math.min(PER_ESSAY, to - from);
    for (const [word, count] of own) { counts[word] += Math.min(PER_ESSAY, count); essays[word]++; }
  }
  return {counts, essays, size};
}

// The words that tell these passages from all others: log-likelihood ratios, as the themes' names are found.
function telling(rows) {
  const picked = new Set(rows), scores = [];
  // The others by their themes, as where names are found: two of six passages of an essay would seem to say what six do.
  const own = counted([rows]), others = counted(members.map(them => them.filter(i => !picked.has(i))));
  const share = own.size / (own.size + others.size);
  for (let word = 0; word < data.words.length; word++) {
    const count = own.counts[word], outside = others.counts[word], total = count + outside;
    if (own.essays[word] < 2 || count <= total * share) continue;
    const other = outside ? outside * Math.log(outside / (total * (1 - share))) : 0;
    const ratio = 2 * (count * Math.log(count / (total * share)) + other);
    if (ratio > SURE) scores.push([ratio * Math.log1p(own.essays[word]) * data.worth[word], word]);
  }
  scores.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  return scores.slice(0, KEYWORDS).map(([, word]) => data.words[word]);
}

function falling(words) {  // from 2 for the first to 1 for the last
  const step = 1 / Math.max(1, words.length - 1);
  return words.map((word, place) => {
    const weight = +(2 - place * step).toFixed(1);
    return weight === 1 ? word : `${word}^${weight}`;
  }).join(" ");
}

const quoted = text => `"${text.replace(/["\\$`]/g, "\\$&")}"`;

function command() {
  const name = at("name").value.trim(), query = at("query").value.trim().replace(/\s+/g, " ");
  const is = name !== "" && query !== "";
  at("copy").disabled = !is;
  at("copy").textContent = "Copy command";
  const called = /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u.test(name) ? name : quoted(name);
  at("command").textContent = is ? `geulgam topic add ${called} --query ${quoted(query)}` : "a name and a query, please";
}

function pick(rows, said, name, query, examples, number) {
  theme = number;
  chosen = rows.length ? new Uint8Array(all.length) : null;
  rows.forEach(i => { chosen[i] = 1; });
  at("picked").textContent = said;
  at("made").hidden = !rows.length;
  at("name").value = name;
  at("query").value = query;
  at("shown").replaceChildren(...examples.map(i => {
    const item = document.createElement("li"), title = document.createElement("b");
    title.textContent = data.titles[data.essay[i]];
    item.append(title, ` ${data.text[i]}`);
    return item;
  }));
  document.querySelectorAll("button.theme").forEach(button => {
    button.setAttribute("aria-pressed", String(+button.dataset.theme === number));
  });
  command();
  ask();
}

function nothing() {
  pick([], "Choose a theme, or draw a line around dots.", "", "", [], -1);
}

const of = (passages, essays) => `${passages.toLocaleString("en")} passages of ${essays.toLocaleString("en")} essays`;

function pickTheme(number) {
  if (number === theme) { nothing(); return; }
  const {title, name, query, nearest, passages, essays} = data.themes[number];
  pick(members[number], `${title}: ${of(passages, essays)}`, name, query, nearest, number);
}

function pickInside(polygon) {
  const rows = inside(polygon), words = telling(rows);
  if (!rows.length) { nothing(); at("picked").textContent = "No dot is inside that line."; return; }
  const counts = of(rows.length, new Set(rows.map(i => data.essay[i])).size);
  const said = words.length ? counts : `${counts}; no word tells them from the others: draw around fewer, or write a query`;
  const spread = rows.filter((_, i) => i % Math.ceil(rows.length / 5) === 0);
  pick(rows, said, words.slice(0, 2).join("-"), falling(words), spread, -1);
}

// --- mouse, finger and keyboard

const fingers = new Map();
let began = null, moved = false;

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

canvas.addEventListener("pointerdown", event => {
  if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, place(event));
  if (fingers.size === 1) { began = place(event); moved = false; line = dragging === "lasso" ? [began] : null; }
  else line = null;
});

canvas.addEventListener("pointermove", event => {
  const now = place(event), before = fingers.get(event.pointerId);
  if (!before) { if (event.pointerType !== "touch") show(nearest(now, NEAR.mouse)); return; }
  if (fingers.size > 1) {
    const [one, two] = [...fingers.values()], far = () => Math.hypot(...[0, 1].map(k => two[k] - one[k])) || 1;
    const was = far();
    before[0] = now[0]; before[1] = now[1];
    moved = true;
    zoom(far() / was, [(one[0] + two[0]) / 2, (one[1] + two[1]) / 2]);
    return;
  }
  moved ||= Math.hypot(now[0] - began[0], now[1] - began[1]) > TAP;
  if (!moved) return;
  if (line) { line.push(now); ask(); }
  else if (dragging === "move") { view.x += now[0] - before[0]; view.y += now[1] - before[1]; keep(); }
  fingers.set(event.pointerId, now);
});

canvas.addEventListener("pointerup", event => {
  if (!fingers.delete(event.pointerId) || fingers.size) return;
  const drawn = line;
  line = null;
  if (moved) { if (drawn && drawn.length > 2) pickInside(drawn); ask(); return; }
  const [x, y] = place(event), i = nearest([x, y], NEAR[event.pointerType] || NEAR.mouse);
  const label = labels.find(l => Math.abs(l.x - x) < l.half && Math.abs(l.y - y) < 10);
  show(i);
  if (label) pickTheme(label.number);
  else if (i < 0) nothing();
  else if (data.theme[i] !== theme) pickTheme(data.theme[i]);
});

canvas.addEventListener("pointercancel", event => { fingers.delete(event.pointerId); line = null; ask(); });
canvas.addEventListener("pointerleave", event => { if (event.pointerType !== "touch") show(-1); });
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  show(-1);
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? .05 : .0015)), place(event));
}, {passive: false});

function drag(what) {
  dragging = what;
  canvas.classList.toggle("move", what === "move");
  ["lasso", "move"].forEach(id => at(id).setAttribute("aria-pressed", String(id === what)));
}

at("lasso").addEventListener("click", () => drag("lasso"));
at("move").addEventListener("click", () => drag("move"));
at("closer").addEventListener("click", () => zoom(1.6, [width / 2, height / 2]));
at("farther").addEventListener("click", () => zoom(1 / 1.6, [width / 2, height / 2]));
at("whole").addEventListener("click", () => zoom(0, [0, 0]));
at("themes").addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button) pickTheme(+button.dataset.theme);
});
at("themes").addEventListener("keydown", event => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key], buttons = [...at("themes").querySelectorAll("button")];
  if (!step) return;
  event.preventDefault();
  buttons[buttons.indexOf(document.activeElement) + step]?.focus();
});
["name", "query"].forEach(id => at(id).addEventListener("input", command));
at("copy").addEventListener("click", async () => {
  const text = at("command").textContent;
  try { await navigator.clipboard.writeText(text); } catch {  // a page opened as a file may not in every browser
    getSelection().selectAllChildren(at("command"));
    document.execCommand("copy");
  }
  at("copy").textContent = "Copied";
});
new ResizeObserver(fit).observe(canvas);
matchMedia("(prefers-color-scheme:dark)").addEventListener("change", ask);
fit();
window.topicMap = {placeOf: i => [across(data.x[i]), down(data.y[i])]};  // for whoever drives the page from outside
})();
