// Keys of the labelling screens. Every screen works without this file: answers are buttons of plain forms.
"use strict";

const one = (query) => document.querySelector(query);
const go = (query) => { const link = one(query); if (link) { leaving = true; location.assign(link.href); } };
let leaving = false; // one answer a screen: a key that is struck twice must not answer the next row

function answer(number) {
  const focused = document.activeElement?.closest?.(".question");
  const button = (focused ?? one(".question.current"))?.querySelectorAll("button")[number - 1];
  if (button) button.form.requestSubmit(button);
}

document.addEventListener("submit", (event) => {
  if (leaving) { event.preventDefault(); return; }
  leaving = true;
  event.target.classList.add("sending");
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const KEYS = {
  n: () => go('a[rel="next"]'),
  p: () => go('a[rel="prev"]'),
  o: () => go("a.open-row"),
  u: () => { const button = one("#undo button"); if (button && !button.disabled) button.form.requestSubmit(button); },
  c: () => one("#remark")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.target.id === "remark") {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || leaving) return;
  if (/^[1-9]$/.test(event.key)) { event.preventDefault(); answer(Number(event.key)); }
  else if (KEYS[event.key]) { event.preventDefault(); KEYS[event.key](); }
});
document.documentElement.dataset.keys = "on"; // they are heard from here on
