// Turns the screens of the projector page over: arrow keys, PageUp/PageDown, space, Home, End, a click, a swipe.
// Without this script the page scrolls from one question to the next.
(function () {
  "use strict";
  var slides = Array.prototype.slice.call(document.querySelectorAll(".slide"));
  if (!slides.length) { return; }
  var now = 0;

  function show(place) {
    now = Math.max(0, Math.min(slides.length - 1, place));
    slides.forEach(function (slide, i) { slide.classList.toggle("on", i === now); });
    slides[now].scrollTop = 0;
    slides[now].focus({ preventScroll: true });
  }

  // The address holds the place, so that a reload stays on the same screen; "back" leaves the projector.
  function go(place) {
    show(place);
    history.replaceState(null, "", "#" + (now + 1));
  }

  function follow() {
    var asked = Number(location.hash.slice(1));
    show(asked >= 1 ? asked - 1 : 0);
  }

  var steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, Enter: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Backspace: -1 };
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey) { return; }
    if (event.key === "Enter" && event.target.closest("a")) { return; }
    if (steps[event.key]) { go(now + steps[event.key]); }
    else if (event.key === "Home") { go(0); }
    else if (event.key === "End") { go(slides.length - 1); }
    else { return; }
    event.preventDefault();
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("a") || String(window.getSelection())) { return; }
    go(now + (event.clientX < window.innerWidth / 3 ? -1 : 1));
  });
  var start = null;
  document.addEventListener("touchstart", function (event) { start = event.changedTouches[0]; }, { passive: true });
  document.addEventListener("touchend", function (event) {
    var end = event.changedTouches[0];
    var x = start ? end.clientX - start.clientX : 0;
    if (start && Math.abs(x) > 50 && Math.abs(x) > 2 * Math.abs(end.clientY - start.clientY)) { go(now + (x < 0 ? 1 : -1)); }
    start = null;
  }, { passive: true });
  window.addEventListener("hashchange", follow);
  document.documentElement.classList.add("live");
  follow();
})();
