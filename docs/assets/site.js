// The search field is a dialog of its own; the theme gives it no name.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
