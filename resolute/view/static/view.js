// Keys, filters without a reload, marks and the blur. Every page works without this file; it only makes it quicker.
"use strict";

const one = (query, within = document) => within.querySelector(query);
const all = (query, within = document) => [...within.querySelectorAll(query)];
const say = (text) => { one("#said").textContent = text; };

// Forms that change something are sent in the background; the page then shows what changed.
async function send(form) {
  const answer = await fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual", credentials: "same-origin",
  });
  if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error("refused");
}

async function mark(form) {
  const button = one("button", form), wanted = form.elements.marked.value === "yes";
  try { await send(form); } catch { form.submit(); return; }
  button.setAttribute("aria-pressed", String(wanted));
  one("[aria-hidden]", button).textContent = wanted ? "★" : "☆";
  form.elements.marked.value = wanted ? "no" : "yes";
  say(wanted ? "Marked" : "Mark taken away");
}

async function reveal(form) {
  const show = form.elements.show.value === "yes";
  try { await send(form); } catch { form.submit(); return; }
  document.body.classList.toggle("revealed", show);
  form.elements.show.value = show ? "no" : "yes";
  one("button", form).firstChild.textContent = show ? "Blur harmful text " : "Show harmful text ";
  say(show ? "Harmful text is shown" : "Harmful text is blurred");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.classList.contains("mark")) { event.preventDefault(); mark(form); }
  else if (form.id === "reveal") { event.preventDefault(); reveal(form); }
  else if (form.id === "filters") { event.preventDefault(); filter(form); }
});

// Filters: the same page is fetched and its list and counts are put in the place of the old ones.
let latest = 0;

function address(form) {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value && !(name === "sort" && value === "stored")) asked.append(name, value);
  }
  const query = asked.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

async function filter(form, where = address(form), push = true) {
  const turn = ++latest;
  form.setAttribute("aria-busy", "true");
  const answer = await fetch(where, { credentials: "same-origin" });
  if (!answer.ok) { location.assign(where); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (turn !== latest) return;
  const { name, value, type } = document.activeElement ?? {};
  const open = new Map(all("#facets details").map((item) => [item.id, item.open]));
  for (const id of ["facets", "found", "actions"]) one(`#${id}`).replaceWith(document.adoptNode(one(`#${id}`, page)));
  for (const item of all("#facets details")) if (open.has(item.id)) item.open = open.get(item.id);
  if (type === "checkbox") all("#facets input").find((item) => item.name === name && item.value === value)?.focus();
  form.removeAttribute("aria-busy");
  if (push) history.pushState(null, "", where);
  else for (const item of all(".field input, .field select", form)) item.value = one(`#${item.id}`, page).value;
  for (const item of all('input[name="back"]')) item.value = where;
  say(one("#total").textContent);
}

const filters = one("#filters");
if (filters) {
  let waiting = 0;
  filters.addEventListener("change", (event) => { if (event.target.id !== "q") filter(filters); });
  one("#q")?.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => filter(filters), 250); });
  window.addEventListener("popstate", () => filter(filters, location.pathname + location.search, false));
}
for (const form of all("form.choose")) form.addEventListener("change", () => form.requestSubmit());

// Keys
const go = (query) => { const link = one(query); if (link) location.assign(link.href); };

function step(by) {
  const links = all("a.open");
  if (!links.length) return go(by > 0 ? 'a[rel="next"]' : 'a[rel="prev"]');
  const focus = document.activeElement;
  const at = links.findIndex((link) => link === focus || link.closest(".line")?.contains(focus));
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (!next) return go(by > 0 ? 'a[rel="next"]' : 'a[rel="prev"]');
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const help = one("#help");
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => go('a[rel="next"]'),
  p: () => go('a[rel="prev"]'),
  u: () => go("a.up"),
  g: () => go("a.goal"),
  s: () => go("a.beside-link"),
  t: () => go("a.lineage"),
  m: () => {
    const form = one("form.mark", document.activeElement?.closest?.(".line") ?? one(".where") ?? document.createElement("i"));
    if (form) mark(form);
  },
  b: () => reveal(one("#reveal")),
  "/": () => { const box = one("#q"); if (box) { box.focus(); box.select(); } else go("a.home"); },
  "?": () => { if (!help.open) help.showModal(); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open || event.defaultPrevented) return;
  const typing = event.target.closest("textarea, select, input:not([type=checkbox]):not([type=radio])");
  if (typing) { if (event.key === "Escape") typing.blur(); return; }
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
const opener = one("#help-open");
opener.hidden = false;
opener.addEventListener("click", () => KEYS["?"]());
