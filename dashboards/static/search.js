// The search box: finds pages by any part of a name, by number or other name. Without this script the box stays hidden.
// "/" goes to the box, arrows choose, Enter opens, Escape closes. The index is loaded when the box is first used.
(function () {
  "use strict";
  var MOST = 12;
  var root = document.body.dataset.root || "";
  var box = document.querySelector(".search");
  if (!box) { return; }
  var input = box.querySelector("input");
  var list = box.querySelector("[role=listbox]");
  var status = box.querySelector("[role=status]");
  var index = null;
  var loading = null;
  var hits = [];
  var chosen = -1;

  function plain(text) { return text.normalize("NFKC").toLowerCase().replace(/\s+/g, ""); }

  function ready() {
    if (!loading) {
      loading = new Promise(function (done, failed) {
        var script = document.createElement("script");
        script.src = root + "assets/search-index.js";
        script.onload = done;
        script.onerror = function () { failed(new Error("search-index.js")); };
        document.head.appendChild(script);
      }).then(function () {
        var kinds = window.TAIZHANG_SEARCH.kinds;
        index = window.TAIZHANG_SEARCH.items.map(function (item, place) {
          return {
            kind: item[0], word: kinds[item[0]][1], href: kinds[item[0]][0] + "/" + item[2] + ".html", name: item[1],
            number: item[3] || "", others: item[4] || "", place: place,
            text: plain(item[1]), code: plain(item[2]), otherText: plain(item[4] || "")
          };
        });
      });
    }
    return loading;
  }

  // All characters in their order: 市监局 finds 市市场监督管理局.
  function inOrder(text, wanted) {
    var at = 0;
    for (var i = 0; i < wanted.length; i += 1) {
      at = text.indexOf(wanted[i], at) + 1;
      if (!at) { return false; }
    }
    return true;
  }

  function grade(item, words, number) {
    var worst = 0;
    if (number && item.number === number) { return 0; }
    for (var i = 0; i < words.length; i += 1) {
      var word = words[i];
      var at = item.text.indexOf(word);
      var found = item.text === word ? 1 : at === 0 ? 2 : at > 0 ? 3 : item.otherText.indexOf(word) >= 0 ? 4
        : item.code.indexOf(word) === 0 ? 5 : word.length > 1 && inOrder(item.text, word) ? 6 : 9;
      worst = Math.max(worst, found);
    }
    return worst;
  }

  function find(query) {
    var words = query.split(/\s+/).map(plain).filter(Boolean);
    if (!words.length) { return []; }
    var number = plain(query).replace(/^第|项$/g, "");
    return index.map(function (item) { return { item: item, grade: grade(item, words, number) }; })
      .filter(function (hit) { return hit.grade < 9; })
      .sort(function (a, b) { return a.grade - b.grade || a.item.kind - b.item.kind || a.item.place - b.item.place; })
      .map(function (hit) { return hit.item; });
  }

  function choose(place) {
    chosen = place;
    Array.prototype.forEach.call(list.children, function (option, i) {
      option.setAttribute("aria-selected", i === place ? "true" : "false");
      if (i === place) { option.scrollIntoView({ block: "nearest" }); }
    });
    if (place >= 0) { input.setAttribute("aria-activedescendant", "search-" + place); } else { input.removeAttribute("aria-activedescendant"); }
  }

  function close() {
    list.hidden = true;
    list.textContent = "";
    hits = [];
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function show() {
    var query = input.value.trim();
    if (!query) { close(); status.textContent = ""; return; }
    ready().then(function () {
      if (query !== input.value.trim()) { return; }
      var all = find(query);
      hits = all.slice(0, MOST);
      list.textContent = "";
      hits.forEach(function (hit, i) {
        var option = document.createElement("li");
        option.id = "search-" + i;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        var kind = document.createElement("small");
        kind.textContent = hit.word + (hit.number ? " 第 " + hit.number + " 项" : "");
        option.appendChild(kind);
        option.appendChild(document.createTextNode(hit.name));
        // Pressing keeps the focus in the box; the click itself opens.
        option.addEventListener("mousedown", function (event) { event.preventDefault(); });
        option.addEventListener("click", function () { go(hit); });
        list.appendChild(option);
      });
      list.hidden = !hits.length;
      input.setAttribute("aria-expanded", hits.length ? "true" : "false");
      choose(-1);
      status.textContent = !all.length ? "没有找到" : all.length > MOST ? "共 " + all.length + " 条，显示前 " + MOST + " 条" : "共 " + all.length + " 条";
      box.classList.toggle("empty", !all.length);
    }).catch(function () { status.textContent = "搜索目录未能载入"; box.classList.add("empty"); });
  }

  function go(hit) { window.location.href = root + hit.href; }

  box.hidden = false;
  input.addEventListener("focus", function () { ready().then(null, function () {}); });
  input.addEventListener("input", show);
  input.addEventListener("keydown", function (event) {
    if (event.isComposing) { return; }  // Enter chooses a Chinese word first
    var last = hits.length - 1;
    if (event.key === "ArrowDown" && hits.length) { choose(chosen >= last ? 0 : chosen + 1); event.preventDefault(); }
    else if (event.key === "ArrowUp" && hits.length) { choose(chosen <= 0 ? last : chosen - 1); event.preventDefault(); }
    else if (event.key === "Enter" && hits.length) { go(hits[Math.max(chosen, 0)]); event.preventDefault(); }
    else if (event.key === "Escape") {
      if (list.hidden && !input.value) { input.blur(); } else { input.value = ""; status.textContent = ""; box.classList.remove("empty"); close(); }
      event.preventDefault();
    }
  });
  input.addEventListener("blur", function () { box.classList.remove("empty"); close(); });
  document.addEventListener("keydown", function (event) {
    var target = event.target;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || target.isContentEditable) { return; }
    input.focus();
    input.select();
    event.preventDefault();
  });
})();
