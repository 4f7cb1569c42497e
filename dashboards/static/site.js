// Behaviour of the site: draws figures when they come into view, filters or sorts a table, folds a long list,
// makes figures fit the paper and opens what is folded there, lets the keyboard reach what scrolls. Everything on the
// pages can be read without this script.
(function () {
  "use strict";
  var root = document.body.dataset.root || "";
  var block = document.getElementById("plot-defaults");
  var defaults = block ? JSON.parse(block.textContent) : null;
  var plots = Array.prototype.slice.call(document.querySelectorAll(".plot"));
  var library = null;

  function load(name) {
    return new Promise(function (done, failed) {
      var script = document.createElement("script");
      script.src = root + "assets/" + name;
      script.onload = done;
      script.onerror = function () { failed(new Error(name)); };
      document.head.appendChild(script);
    });
  }

  function plotly() {
    if (!library) {
      library = window.Plotly ? Promise.resolve() : load("plotly-cartesian.min.js").then(function () { return load("plotly-zh-cn.js"); });
    }
    return library;
  }

  // A plot inside a closed <details> has no width yet; it is drawn when it is opened.
  function visible(div) { return div.offsetParent !== null; }

  // A width is given where the page cannot say it (paper). What is drawn is in the table below it: screen readers skip it.
  function plot(div, width) {
    var spec = JSON.parse(div.parentNode.querySelector("script.spec").textContent);
    spec.layout.template = defaults.template;
    if (width) { spec.layout.width = width; }
    var done = window.Plotly.newPlot(div, spec.data, spec.layout, Object.assign({}, defaults.config));
    div.querySelectorAll("svg").forEach(function (svg) { svg.setAttribute("aria-hidden", "true"); });
    return done;
  }

  function draw(div) {
    if (div.dataset.drawn) { return Promise.resolve(); }
    div.dataset.drawn = "1";
    return plotly().then(function () { return plot(div); }).catch(function (error) {
      // Without a drawing the numbers must show.
      div.style.display = "none";
      div.parentNode.querySelector("details").open = true;
      console.warn("图未能绘出", error);
    });
  }

  if (defaults && plots.length) {
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) { watch.unobserve(entry.target); draw(entry.target); }
      });
    }, { rootMargin: "400px" });
    plots.forEach(function (div) { watch.observe(div); });

    // The rest follows one by one, without waiting for a quiet moment: paper and screenshots find them ready.
    var next = function () {
      var rest = plots.filter(function (div) { return !div.dataset.drawn && visible(div); });
      if (rest.length) { draw(rest[0]).then(function () { setTimeout(next, 0); }); }
    };
    next();
    document.addEventListener("toggle", function (event) {
      event.target.querySelectorAll(".plot").forEach(function (div) { if (visible(div)) { draw(div); } });
    }, true);
  }

  // Paper is narrower than the screen; Plotly would cut off what does not fit. What is folded opens, but for menus and
  // the tables of numbers below figures; a figure that was folded away is drawn now.
  var PAPER = 660;
  function paperWidth(div) { return div.closest(".multiples") ? PAPER / 2 - 12 : PAPER; }
  function numbers(div) { return div.parentNode.querySelector("details.numbers"); }

  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("main details:not([open]):not(.numbers):not(.menu)").forEach(function (folded) {
      folded.dataset.folded = "1";
      folded.open = true;
    });
    plots.forEach(function (div) {
      if (div.data) {
        window.Plotly.relayout(div, { width: paperWidth(div) });
      } else if (visible(div)) {
        if (window.Plotly) {
          div.dataset.drawn = "1";
          plot(div, paperWidth(div));
        } else {
          // No library yet: its numbers go on paper instead.
          div.style.display = "none";
          numbers(div).classList.add("print");
          numbers(div).open = true;
        }
      }
    });
  });
  window.addEventListener("afterprint", function () {
    plots.forEach(function (div) {
      if (div.data) {
        window.Plotly.relayout(div, { width: null, autosize: true });
      } else if (div.style.display === "none") {
        div.style.display = "";
        numbers(div).classList.remove("print");
        numbers(div).open = false;
      }
    });
    document.querySelectorAll("details[data-folded]").forEach(function (folded) {
      delete folded.dataset.folded;
      folded.open = false;
    });
  });

  // A box that scrolls sideways must be reached and moved by the keyboard; one that does not is no stop on the way.
  function reach(box) {
    var wide = box.scrollWidth > box.clientWidth + 1;
    if (wide === (box.getAttribute("tabindex") === "0")) { return; }
    if (wide) {
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "表格，可左右滚动");
    } else {
      ["tabindex", "role", "aria-label"].forEach(function (name) { box.removeAttribute(name); });
    }
  }
  if (window.ResizeObserver) {
    // A closed <details> has no size; the observer speaks when it is opened.
    var sizes = new ResizeObserver(function (entries) {
      entries.forEach(function (entry) { reach(entry.target); });
    });
    document.querySelectorAll(".scroll").forEach(function (box) { sizes.observe(box); });
  }

  // A link into something folded opens it.
  function reveal() {
    var name = "";
    try { name = decodeURIComponent(window.location.hash.slice(1)); } catch (error) { return; }
    var target = name && document.getElementById(name);
    if (!target || !target.closest("details")) { return; }
    for (var fold = target.closest("details"); fold; fold = fold.parentNode.closest("details")) { fold.open = true; }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  // One open menu closes when something else is clicked, or by Escape, which leads back to its head.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
  });
  document.addEventListener("keydown", function (event) {
    var menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.querySelectorAll("table[data-fold]").forEach(function (table) {
    var phone = window.matchMedia("(max-width: 600px)").matches;
    var keep = Math.ceil(Number(table.dataset.fold) / (phone ? 2 : 1));
    var rows = Array.prototype.slice.call(table.tBodies[0].rows, keep);
    if (!rows.length) { return; }
    rows.forEach(function (row) { row.classList.add("folded"); });
    var button = document.createElement("button");
    button.type = "button";
    button.className = "unfold";
    button.textContent = "显示其余 " + rows.length + " 行";
    button.addEventListener("click", function () {
      rows.forEach(function (row) { row.classList.remove("folded"); });
      button.remove();
    });
    table.after(button);
  });

  // Sorting: a head becomes a button. Numbers go down first, words up; a value that reads otherwise stands in data-value.
  function sortKey(row, column) {
    var cell = row.cells[column];
    var text = cell.dataset.value || cell.textContent.trim();
    var number = Number(text.replace(/[,%天]/g, "").replace("\u2212", "-"));
    return { text: text, number: text === "\u2014" ? -Infinity : number };
  }

  document.querySelectorAll("table[data-sort]").forEach(function (table) {
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var numeric = head.classList.contains("n");
        var before = head.getAttribute("aria-sort");
        var down = before ? before === "ascending" : numeric;
        var unfold = table.nextElementSibling;
        if (unfold && unfold.className === "unfold") { unfold.click(); }
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        Array.prototype.slice.call(table.tBodies[0].rows)
          .map(function (row, place) { return { row: row, place: place, key: sortKey(row, column) }; })
          .sort(function (a, b) {
            var order = numeric ? (a.key.number < b.key.number ? -1 : a.key.number > b.key.number ? 1 : 0)
              : a.key.text.localeCompare(b.key.text, "zh-CN");
            return (down ? -order : order) || a.place - b.place;
          })
          .forEach(function (item) { table.tBodies[0].appendChild(item.row); });
      });
    });
  });

  document.querySelectorAll("[data-filter]").forEach(function (bar) {
    var rows = Array.prototype.slice.call(document.getElementById(bar.dataset.filter).tBodies[0].rows);
    var output = bar.querySelector("output");
    bar.hidden = false;
    function apply() {
      var shown = 0;
      var severity = bar.querySelector("[name=severity]").value;
      var reporter = bar.querySelector("[name=reporter]").value;
      var rule = bar.querySelector("[name=rule]").value;
      var text = bar.querySelector("[name=text]").value.trim().toLowerCase();
      rows.forEach(function (row) {
        var fits = (!severity || row.dataset.severity === severity) &&
          (!reporter || row.dataset.reporter === reporter) &&
          (!rule || row.dataset.rule === rule) &&
          (!text || row.textContent.toLowerCase().indexOf(text) >= 0);
        row.hidden = !fits;
        if (fits) { shown += 1; }
      });
      output.textContent = "显示 " + shown + " 处，共 " + rows.length + " 处";
    }
    // A row that is folded away would not be found.
    bar.addEventListener("input", function () {
      var unfold = bar.parentNode.querySelector(".unfold");
      if (unfold) { unfold.click(); }
      apply();
    });
    apply();
  });
})();
