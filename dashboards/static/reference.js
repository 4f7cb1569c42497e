// The pages beside the sites: one search field over all their tables; everything folded opens for the printer.
(function () {
  "use strict";
  var finder = document.querySelector(".finder");
  if (finder) {
    var field = finder.querySelector("input");
    var output = finder.querySelector("output");
    var entries = Array.prototype.slice.call(document.querySelectorAll(".entry"));
    var index = entries.map(function (entry) {
      var rows = Array.prototype.slice.call(entry.querySelectorAll("tbody tr"));
      return {
        entry: entry,
        name: entry.querySelector("summary").textContent.toLowerCase(),
        rows: rows.map(function (row) { return { row: row, text: row.textContent.toLowerCase() }; })
      };
    });
    finder.hidden = false;
    var apply = function () {
      var words = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      var all = function (text) { return words.every(function (word) { return text.indexOf(word) >= 0; }); };
      var found = 0;
      index.forEach(function (item) {
        var whole = all(item.name);
        var shown = 0;
        item.rows.forEach(function (line) {
          // the words may stand in the name of the table and in the line together
          var fits = whole || all(item.name + " " + line.text);
          line.row.hidden = !fits;
          if (fits) { shown += 1; }
        });
        item.entry.hidden = !shown && !whole;
        if (words.length && !item.entry.hidden) { found += shown; }
        item.entry.open = words.length > 0 && shown > 0;
      });
      output.textContent = words.length ? "找到 " + found + " 行" : "";
    };
    var waiting = null;
    field.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
  }
  // A link to a folded table opens it.
  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open])").forEach(function (folded) { folded.dataset.folded = "1"; folded.open = true; });
  });
  window.addEventListener("afterprint", function () {
    document.querySelectorAll("details[data-folded]").forEach(function (folded) { delete folded.dataset.folded; folded.open = false; });
  });
})();
